/** WebSockets: the origin answers the handshake; only its 101 makes one connection of two (issue 13.3). */

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { randomBytes } from 'node:crypto';
import t, { type Test } from 'tap';
import { WebSocket, WebSocketServer } from 'ws';
import type { Outcome } from '../../src/proxy/exchange/outcome.ts';
import { authority } from '../helpers/certificates.ts';
import { eventually } from '../helpers/eventually.ts';
import { closeProxy } from '../helpers/close-proxy.ts';
import { startProxy, startSite } from '../helpers/scripted-site.ts';

const rules = `
unmatched: standard
content_types:
  page: { ttl: 60s, scope: public, cache_control: override }
routes:
  - { match: GET /page, type: page }
  - { match: GET /passed, type: pass }
writes:
  - { match: GET /joins, invalidate: ["type:page"] }
`;

const wsUrl = (url: string, path = '/live'): string => `${url.replace('http', 'ws')}${path}`;

type Refused = { readonly response: IncomingMessage; readonly body: string };

/** The answer to a handshake that is not a 101. */
async function refusal(client: WebSocket): Promise<Refused> {
  client.on('error', () => undefined);
  const [, response] = (await once(client, 'unexpected-response')) as [unknown, IncomingMessage];
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return { response, body };
}

/** A site whose origin takes WebSockets, with what they do. */
async function startSocketSite(
  t: Test,
  options: ConstructorParameters<typeof WebSocketServer>[0] = {},
): Promise<Awaited<ReturnType<typeof startSite>> & { readonly sockets: WebSocketServer }> {
  const site = await startSite(rules);
  const sockets = new WebSocketServer({ server: site.origin, ...options });
  sockets.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => {
      socket.send(data as Buffer, { binary: isBinary });
    });
  });
  t.teardown(async () => {
    for (const client of sockets.clients) client.terminate();
    await site.close();
  });
  return { ...site, sockets };
}

const answers: readonly (readonly [status: number, lines: readonly string[], body: string])[] = [
  [401, ['WWW-Authenticate: Basic realm="a"', 'Set-Cookie: a=1', 'Set-Cookie: b=2'], 'who are you?'],
  [403, ['X-Reason: origin'], 'not you'],
  [302, ['Location: /login'], ''],
  [200, ['Content-Type: text/html'], '<p>a page</p>'],
  [426, ['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13'], 'another version'],
  [503, ['Retry-After: 5'], 'busy'],
];

t.test('the origin’s answer to a handshake is relayed unchanged', async (t) => {
  const site = await startSite(rules);
  t.teardown(() => site.close());
  for (const [status, lines, body] of answers) {
    site.origin.removeAllListeners('upgrade');
    site.origin.on('upgrade', (_message, socket) => {
      const head = [`HTTP/1.1 ${status} Whatever`, ...lines, `Content-Length: ${body.length}`];
      socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
    });
    const { response, body: received } = await refusal(new WebSocket(wsUrl(site.url), ['a', 'b']));
    t.equal(response.statusCode, status);
    t.equal(received, body);
    t.match(response.headers['cache-status'], 'shelflife; fwd=bypass; detail=upgrade');
    t.match(response.headers.via, '1.1 shelflife');
    t.match(response.headers.connection, /^close/, 'it is the last answer on its connection');
    t.equal(response.headers.upgrade, status === 426 ? 'websocket' : undefined);
    for (const line of lines.filter((one) => !/^(?:Upgrade|Connection)/.test(one))) {
      const [name = '', value = ''] = line.split(': ');
      t.match(response.headers[name.toLowerCase()]?.toString(), value, line);
    }
    t.match(site.outcomes.at(-1), { kind: 'pass', status, pass: 'upgrade' });
  }
  t.equal(site.outcomes.length, answers.length, 'each is one outcome');
});

t.test('RFC 9110 §15.5.22: a 426 says which protocol to change to, and ends its connection', async (t) => {
  for (const lane of [true, false]) {
    const site = await startSite(`${rules}\nlisten: { fast_lane: ${lane} }`, {
      answer: (_, response) => {
        response.writeHead(426, { Upgrade: 'TLS/1.3, HTTP/1.1', Connection: 'upgrade' }).end('not here');
      },
    });
    t.teardown(() => site.close());
    for (const method of ['GET', 'POST', 'OPTIONS']) {
      const said = await rawAnswer(
        site.url,
        `${method} /page HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`,
      );
      t.match(said, /^HTTP\/1\.1 426 [^]*not here/, `${method}, lane: ${lane}`);
      t.strictSame(said.match(/^(?:connection|upgrade): .*$/gim), [
        'Connection: close, Upgrade',
        'Upgrade: TLS/1.3, HTTP/1.1',
      ]);
    }
  }
});

/** What the proxy says to these bytes until it closes the connection. */
async function rawAnswer(url: string, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write(bytes);
  return text(socket);
}

t.test('a silent origin is a 504, a refusing one a 502, and the breaker counts both', async (t) => {
  const silent = createServer(() => undefined).on('upgrade', () => undefined);
  const held = new Set<Socket>();
  silent.on('connection', (socket) => held.add(socket));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as AddressInfo;
  const outcomes: Outcome[] = [];
  const text = `upstream: { url: "http://127.0.0.1:${port}", response_timeout: 200ms }\n${rules}`;
  const proxy = await startProxy(text, { outcomes });
  t.teardown(() => closeProxy(proxy));
  const late = await refusal(new WebSocket(wsUrl(proxy.url)));
  t.equal(late.response.statusCode, 504);
  t.match(late.response.headers['proxy-status'], 'http_response_timeout');
  t.match(late.response.headers['cache-status'], 'fwd=bypass; detail=upgrade');
  for (const socket of held) socket.destroy();
  await new Promise((resolve) => silent.close(resolve));
  for (let count = 0; count < 4; count += 1) {
    const gone = await refusal(new WebSocket(wsUrl(proxy.url)));
    t.equal(gone.response.statusCode, 502);
    t.match(gone.response.headers['proxy-status'], 'connection_refused');
  }
  t.notOk(proxy.services.origin.health.isClosed);
  t.match(
    outcomes.map(({ kind, failure }) => [kind, failure]),
    [['failed', 'head-timeout'], ...Array.from({ length: 4 }, () => ['failed', 'refused'])],
  );
});

t.test('the 101 comes from the origin: its subprotocol, cookies and extensions', async (t) => {
  const site = await startSocketSite(t, {
    handleProtocols: () => 'second',
    perMessageDeflate: { threshold: 0, serverMaxWindowBits: 10 },
  });
  site.sockets.on('headers', (headers) => headers.push('Set-Cookie: a=1', 'Set-Cookie: b=2; Path=/'));
  const client = new WebSocket(wsUrl(site.url, '/live?b=1'), ['first', 'second'], {
    headers: { origin: 'https://app.example', cookie: 'session=x', 'x-forwarded-for': '6.6.6.6' },
  });
  const upgraded = once(client, 'upgrade') as Promise<[IncomingMessage]>;
  const connected = once(site.sockets, 'connection') as Promise<[WebSocket, IncomingMessage]>;
  await once(client, 'open');
  const [{ headers }] = await upgraded;
  t.equal(client.protocol, 'second');
  t.match(client.extensions, 'permessage-deflate');
  t.match(headers['sec-websocket-extensions'], 'server_max_window_bits=10');
  t.same(headers['set-cookie'], ['a=1', 'b=2; Path=/']);
  t.equal(headers['cache-status'], 'shelflife; fwd=bypass; detail=upgrade');
  t.equal(headers.via, '1.1 shelflife');
  t.equal(headers.upgrade, 'websocket');
  const [, asked] = await connected;
  t.match(asked.headers, {
    origin: 'https://app.example',
    cookie: 'session=x',
    'x-forwarded-for': /^127\.0\.0\.1$/,
    'x-forwarded-proto': 'http',
    'x-forwarded-host': /^127\.0\.0\.1:/,
    via: '1.1 shelflife',
    'sec-websocket-protocol': 'first,second',
  });
  t.equal(asked.url, '/live?b=1');
  t.equal(asked.headers.host, new URL(site.url).host, 'the client’s Host is kept');
  client.terminate();
  t.match(site.outcomes, [{ kind: 'pass', status: 101, pass: 'upgrade', failure: undefined }]);
});

t.test('compressed messages of every size arrive whole and in order', async (t) => {
  const site = await startSocketSite(t, { perMessageDeflate: { threshold: 0 } });
  const client = new WebSocket(wsUrl(site.url));
  await once(client, 'open');
  const sent = [0, 1, 125, 126, 65_535, 65_536, 3_000_000].flatMap((size) => [
    randomBytes(size),
    Buffer.alloc(size, 'shelflife '),
  ]);
  const received: Buffer[] = [];
  client.on('message', (data: Buffer) => received.push(data));
  for (const message of sent) client.send(message);
  await eventually('all are back', () => received.length === sent.length);
  t.ok(received.every((message, at) => message.equals(sent[at] ?? Buffer.alloc(0))));
  client.close(4001, 'done');
  const [[code, reason]] = await Promise.all([once(client, 'close') as Promise<[number, Buffer]>]);
  t.same([code, reason.toString()], [4001, 'done'], 'the close is the origin’s answer');
});

t.test('a hundred WebSockets take no connection from ordinary requests', async (t) => {
  const site = await startSocketSite(t);
  const { port } = site.origin.address() as AddressInfo;
  const proxy = await startProxy(`upstream: { url: "http://127.0.0.1:${port}", connections: 1 }\n${rules}`);
  const clients = Array.from({ length: 100 }, () => new WebSocket(wsUrl(proxy.url)));
  await Promise.all(clients.map((client) => once(client, 'open')));
  t.equal((await fetch(`${proxy.url}/any`)).status, 200);
  t.equal((await fetch(`${proxy.url}/any`, { method: 'POST' })).status, 200);
  for (const client of clients) client.terminate();
  await eventually('the origin is left', () => site.sockets.clients.size === 0);
  await proxy.close();
});

t.test('the route of type `pass` and the write rule apply to a handshake as to a GET', async (t) => {
  const site = await startSocketSite(t);
  const passed = new WebSocket(wsUrl(site.url, '/passed'));
  await once(passed, 'open');
  t.match(site.outcomes.at(-1), { status: 101, pass: 'rule' });
  await fetch(`${site.url}/page`);
  const before = site.proxy.services.purgeLog.position().seq;
  const joins = new WebSocket(wsUrl(site.url, '/joins'));
  joins.once('upgrade', () => {
    t.ok(site.proxy.services.purgeLog.position().seq > before, 'what it makes stale is ended before the 101');
  });
  await once(joins, 'open');
  t.match((await fetch(`${site.url}/page`)).headers.get('cache-status'), 'fwd=uri-miss');
  joins.send('still whole');
  const [data] = (await once(joins, 'message')) as [Buffer];
  t.equal(data.toString(), 'still whole');
  passed.terminate();
  joins.terminate();
});

t.test('a handshake is refused like any request: an unserved host 421, a bad one 400', async (t) => {
  const site = await startSocketSite(t);
  const { port } = site.origin.address() as AddressInfo;
  const text = `upstream: http://127.0.0.1:${port}\nlisten: { address: "127.0.0.1:0", hosts: [a.example] }\n${rules}`;
  const proxy = await startProxy(text);
  t.teardown(() => closeProxy(proxy));
  for (const [host, status] of [
    ['b.example', 421],
    ['a b', 400],
  ] as const) {
    const { response } = await refusal(new WebSocket(wsUrl(proxy.url), { headers: { host } }));
    t.equal(response.statusCode, status);
    t.match(response.headers['cache-status'], 'fwd=bypass; detail=');
  }
  const client = new WebSocket(wsUrl(proxy.url), { headers: { host: 'A.example.' } });
  await once(client, 'open');
  client.terminate();
});

t.test('an https origin is contacted over TLS', async (t) => {
  const { ca, certify } = await authority(t);
  const files = await certify('127.0.0.1');
  const server = createTlsServer({ cert: await readFile(files.cert), key: await readFile(files.key) });
  const sockets = new WebSocketServer({ server });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const url = `https://127.0.0.1:${port}`;
  const strange = await startProxy(`upstream: ${url}\n${rules}`);
  t.teardown(() => strange.close());
  const { response } = await refusal(new WebSocket(wsUrl(strange.url)));
  t.equal(response.statusCode, 502, 'an unknown authority is refused');
  t.match(response.headers['proxy-status'], 'tls_certificate_error');
  t.equal(sockets.clients.size, 0);
  const proxy = await startProxy(`upstream: { url: "${url}", tls: { ca: "${ca}" } }\n${rules}`);
  t.teardown(() => closeProxy(proxy));
  sockets.on('connection', (socket) => {
    socket.send('hello');
  });
  const client = new WebSocket(wsUrl(proxy.url), { headers: { host: 'other.example' } });
  const [data] = (await once(client, 'message')) as [Buffer];
  t.equal(data.toString(), 'hello', 'whatever Host the client names');
  client.terminate();
});
