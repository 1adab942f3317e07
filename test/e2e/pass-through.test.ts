import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import t from 'tap';
import { WebSocket, WebSocketServer } from 'ws';
import { systemClock } from '../../src/kit/time.ts';
import { eventually } from '../helpers/eventually.ts';
import { barrier, cacheStatus, startSite } from '../helpers/scripted-site.ts';

const rules = `
unmatched: standard
content_types:
  page: { ttl: 60s, scope: public, cache_control: override }
routes:
  - { match: GET /page/*, type: page }
  - { match: GET /events, type: pass }
`;

t.test('every method is forwarded with its body unchanged', async (t) => {
  const site = await startSite(rules, {
    answer: (message, response) => {
      const chunks: Buffer[] = [];
      message.on('data', (chunk: Buffer) => chunks.push(chunk));
      message.on('end', () => {
        response.setHeader('x-method', message.method ?? '');
        response.setHeader('set-cookie', ['a=1', 'b=2']);
        response.end(Buffer.concat(chunks));
      });
    },
  });
  t.teardown(() => site.close());
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'REPORT', 'GET']) {
    const body = Buffer.from(`body of ${method} \u05d0`);
    const answer = await send(site.url, { method, path: '/any?x=1&x=%20', body });
    t.equal(answer.headers['x-method'], method);
    t.same(answer.body, body, method);
    t.same(answer.headers['set-cookie'], ['a=1', 'b=2']);
    t.match(
      answer.headers['cache-status'],
      method === 'GET' ? /fwd=bypass; detail=request-body/ : /fwd=method/,
    );
    t.match(answer.headers.via, '1.1 shelflife');
  }
  t.equal(site.requests[0]?.url, '/any?x=1&x=%20');
});

t.test('an upload of any size is streamed, not buffered', async (t) => {
  const first = barrier();
  const site = await startSite(rules, {
    answer: (message, response) => {
      let bytes = 0;
      message.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        first.arrive();
      });
      message.on('end', () => response.end(String(bytes)));
    },
  });
  t.teardown(() => site.close());
  const { port, hostname } = new URL(site.url);
  const upload = request({ port, hostname, method: 'POST', path: '/upload' });
  upload.write(Buffer.alloc(1000));
  await first.reached;
  const rest = Buffer.alloc(1024 * 1024);
  for (let sent = 0; sent < 12; sent += 1) {
    if (!upload.write(rest)) await once(upload, 'drain');
  }
  upload.end();
  const [response] = (await once(upload, 'response')) as [IncomingMessage];
  t.equal((await collect(response)).toString(), String(1000 + 12 * rest.length));
});

t.test('server-sent events arrive one by one', async (t) => {
  const next = barrier();
  const site = await startSite(rules, {
    answer: (_message, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
      void next.reached.then(() => response.end('data: 2\n\n'));
    },
  });
  t.teardown(() => site.close());
  const reader = (await fetch(`${site.url}/events`)).body?.getReader();
  const text = async () => Buffer.from((await reader?.read())?.value ?? []).toString();
  t.equal(await text(), 'data: 1\n\n');
  next.arrive();
  t.equal(await text(), 'data: 2\n\n');
});

t.test('a WebSocket is forwarded with Origin, Cookie and the canonical target', async (t) => {
  const site = await startSite(rules);
  const sockets = new WebSocketServer({ server: site.origin });
  t.teardown(async () => {
    for (const client of sockets.clients) client.terminate();
    await site.close();
  });
  const askedFor: IncomingMessage[] = [];
  sockets.on('connection', (socket, message) => {
    askedFor.push(message);
    socket.on('message', (data: Buffer) => {
      socket.send(`echo ${data.toString()}`);
    });
  });
  const client = new WebSocket(`${site.url.replace('http', 'ws')}/live/./a%2Fb//c?b=1`, {
    headers: { origin: 'https://app.example', cookie: 'session=x' },
  });
  await once(client, 'open');
  client.send('hello');
  const [data] = (await once(client, 'message')) as [Buffer];
  t.equal(data.toString(), 'echo hello');
  const [asked] = askedFor;
  t.equal(asked?.headers.origin, 'https://app.example');
  t.equal(asked?.headers.cookie, 'session=x');
  t.equal(asked?.url, '/live/a%2Fb//c?b=1');
  t.match(asked?.headers['x-forwarded-for'], '127.0.0.1');
  client.terminate();
});

t.test('Host is kept, and X-Forwarded-* are the proxy’s own', async (t) => {
  const site = await startSite(rules);
  t.teardown(() => site.close());
  const headers = {
    host: 'App.Example.:80',
    'x-forwarded-for': '6.6.6.6',
    'x-forwarded-proto': 'https',
    forwarded: 'for=6',
  };
  for (const method of ['GET', 'POST']) {
    await send(site.url, { method, path: `/h/${method}`, headers });
    const seen = site.requests.at(-1)?.headers ?? {};
    t.equal(seen.host, 'app.example');
    t.equal(seen['x-forwarded-for'], '127.0.0.1');
    t.equal(seen['x-forwarded-proto'], 'http');
    t.equal(seen['x-forwarded-host'], 'app.example');
    t.equal(seen.forwarded, undefined);
    t.match(seen['x-request-id'], /.{8}/);
  }
});

t.test('early hints reach the client before the response, and are not stored', async (t) => {
  const site = await startSite(rules, {
    answer: (_message, response) => {
      response.writeEarlyHints({ link: '</style.css>; rel=preload', 'x-hint': '1' });
      response.setHeader('cache-control', 'max-age=60');
      response.end('page');
    },
  });
  t.teardown(() => site.close());
  for (const [expected, status] of [
    [1, /^fwd=uri-miss/],
    [0, /^hit/],
  ] as const) {
    const answer = await send(site.url, { method: 'GET', path: '/hinted' });
    t.equal(answer.hints.length, expected);
    t.equal(answer.headers['x-hint'], undefined);
    t.match(answer.headers['cache-status'], new RegExp(status.source.replace('^', 'shelflife; ')));
  }
});

t.test('a 503 is an answer: the origin is asked once', async (t) => {
  const site = await startSite(rules, {
    answer: (_message, response) => {
      response.writeHead(503).end('busy');
    },
  });
  t.teardown(() => site.close());
  t.equal((await fetch(`${site.url}/busy`)).status, 503);
  t.equal((await fetch(`${site.url}/busy`, { method: 'POST' })).status, 503);
  t.match(cacheStatus(await fetch(`${site.url}/page/1`)), /detail=status-not-listed/);
  t.equal(site.seen.length, 3);
});

type Sent = { method: string; path: string; headers?: Record<string, string>; body?: Buffer };

function send(url: string, { method, path, headers = {}, body }: Sent) {
  const { port, hostname } = new URL(url);
  const length: Record<string, string> = body === undefined ? {} : { 'content-length': String(body.length) };
  return new Promise<{
    headers: IncomingHttpHeaders;
    body: Buffer;
    hints: unknown[];
  }>((resolve, reject) => {
    const hints: unknown[] = [];
    const outgoing = request({
      port,
      hostname,
      method,
      path,
      headers: { ...headers, ...length },
      agent: false,
    });
    outgoing.on('information', (information) => hints.push(information));
    outgoing.on('response', (response) => {
      collect(response).then((whole) => {
        resolve({ headers: response.headers, body: whole, hints });
      }, reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

t.test('a client that leaves between head and body is not counted as a failure', async (t) => {
  const site = await startSite('routes: [{ match: GET /pass, type: pass }]');
  t.teardown(() => site.close());
  const { health } = site.proxy.services.origin;
  const timing = { startedMs: 0, nowMs: systemClock.monotonicMs(), probe: undefined };
  for (let count = 0; count < 5; count += 1) health.heard({ kind: 'failed', reason: 'refused' }, timing);
  t.notOk(health.isClosed);
  site.answerWith((_request, response) => {
    response.writeHead(203, { 'content-length': '5' }).flushHeaders();
  });
  const closing = new AbortController();
  const gone = fetch(`${site.url}/pass`, { signal: closing.signal }).catch(() => 'gone');
  await eventually('the head has come', () => health.isClosed);
  closing.abort();
  t.equal(await gone, 'gone');
  await eventually('told', () => site.outcomes.length === 1);
  t.match(site.outcomes.at(-1), { kind: 'pass', status: 203, failure: 'aborted' });
});
