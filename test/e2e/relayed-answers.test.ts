/** Answers through @fastify/http-proxy: they are streamed, and their failures are counted. */
import { once } from 'node:events';
import { type IncomingMessage, request, type RequestOptions } from 'node:http';
import t from 'tap';
import { closeProxy } from '../helpers/close-proxy.ts';
import { ask, fateOf, requestText, valuesOf } from '../helpers/raw-client.ts';
import { rawExchange } from '../helpers/raw-exchange.ts';
import { okText, startRawSite } from '../helpers/raw-origin.ts';
import { barrier, type Site, startProxy, startSite } from '../helpers/scripted-site.ts';
import { eventually } from '../helpers/eventually.ts';

const post = { method: 'POST', target: '/w', lines: ['Content-Length: 1'], body: 'x' };
const announced = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n';

/** A proxy of its own in front of a site's origin, with short deadlines; and how long one of them is, by really waiting. */
async function startImpatient(t: { teardown: (end: () => Promise<void>) => void }, site: Site) {
  const { port } = site.origin.address() as { port: number };
  const proxy = await startProxy(`upstream: { url: "http://127.0.0.1:${port}", body_timeout: 300ms }\n`);
  t.teardown(() => closeProxy(proxy));
  return { url: proxy.url, bodyTimeout: () => ask(proxy.url, { ...post, target: '/silent' }) };
}

async function open(url: string, options: RequestOptions): Promise<IncomingMessage> {
  const { port, hostname } = new URL(url);
  const asked = request({ port, hostname, method: 'POST', agent: false, ...options });
  asked.end('x');
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  return response;
}

t.test(
  'server-sent events that answer a POST: the head arrives at once, and pauses may have any length',
  async (t) => {
    const event = barrier();
    const site = await startSite('', {
      answer: (message, response) => {
        message.resume();
        const isSilent = message.url === '/silent';
        response.writeHead(200, { 'Content-Type': isSilent ? 'text/html' : 'text/event-stream' });
        response.flushHeaders();
        if (!isSilent) void event.reached.then(() => response.end('data: 1\n\n'));
      },
    });
    t.teardown(() => site.close());
    const impatient = await startImpatient(t, site);
    const stream = await open(impatient.url, { path: '/events' });
    t.equal(stream.statusCode, 200);
    t.equal((await impatient.bodyTimeout()).status, 504, 'others are not waited for so long');
    event.arrive();
    let text = '';
    for await (const chunk of stream) text += String(chunk);
    t.equal(text, 'data: 1\n\n');
  },
);

t.test('a slow client does not count as a silent origin', async (t) => {
  const body = Buffer.alloc(16 * 1024 * 1024, 'a');
  const site = await startSite('', {
    answer: (message, response) => {
      message.resume();
      if (message.url === '/silent') response.writeHead(200).flushHeaders();
      else response.end(body);
    },
  });
  t.teardown(() => site.close());
  const impatient = await startImpatient(t, site);
  const stream = await open(impatient.url, { path: '/large' });
  stream.pause();
  for (const _ of [1, 2]) t.equal((await impatient.bodyTimeout()).status, 504);
  let bytes = 0;
  for await (const chunk of stream) bytes += (chunk as Buffer).length;
  t.equal(bytes, body.length);
});

t.test(
  'an answer to a write that breaks before its first byte is a failure; after it, it is cut off',
  async (t) => {
    const site = await startRawSite('');
    t.teardown(() => site.close());
    site.answerWith(({ socket }) => {
      socket.end(announced);
      return undefined;
    });
    const early = await ask(site.url, post);
    t.equal(early.status, 502);
    t.match(fateOf(early), /^fwd=method/);
    t.match(valuesOf(early, 'proxy-status'), [/error=http_response_incomplete/]);
    site.answerWith(({ socket }) => {
      socket.end(`${announced}half`);
      return undefined;
    });
    const late = await ask(site.url, post);
    t.equal(late.status, 200);
    t.equal(late.body, 'half', 'it ends before its length');
    t.equal(site.arrivals.length, 2, 'each was sent once');
  },
);

t.test('an answer that breaks while its write’s purge is recorded is a failure, not silence', async (t) => {
  const site = await startRawSite('writes: [{ match: POST /w, invalidate: [all] }]\n');
  t.teardown(() => site.close());
  const { purgeLog } = site.proxy.services;
  const recorded = barrier();
  const append = purgeLog.append.bind(purgeLog);
  purgeLog.append = (purge) => recorded.reached.then(() => append(purge));
  let isBroken = false;
  site.answerWith(({ socket }) => {
    socket.on('close', () => (isBroken = true));
    socket.write(`${announced}half`, () => socket.resetAndDestroy());
    return undefined;
  });
  const answer = ask(site.url, post);
  await eventually('the connection is broken', () => isBroken);
  // What the proxy has heard of it by now it hears before an answer that is asked for later.
  site.answerWith(() => okText('ok'));
  t.equal((await ask(site.url, { target: '/other' })).body, 'ok');
  recorded.arrive();
  t.equal((await answer).status, 502);
});

t.test('13.10: interim responses and trailers are relayed for every method', async (t) => {
  const origin =
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n' +
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum, X-Name\r\n\r\n' +
    '2\r\nok\r\n0\r\nX-Sum: 1\r\nX-Sum: 2\r\nX-Name: \xe9\xd7\r\n\r\n';
  const site = await startRawSite('unmatched: pass', () => origin);
  t.teardown(() => site.close());
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    const body = method === 'GET' ? '' : 'abc';
    const lines = body === '' ? [] : ['Content-Length: 3'];
    const text = await rawExchange(site.url, requestText({ method, lines, body }));
    t.match(text, /^HTTP\/1\.1 103 [^\r]*\r\nLink: <\/a>\r\n\r\nHTTP\/1\.1 200 /i, method);
    t.match(text, /\r\n2\r\nok\r\n0\r\nx-sum: 1\r\nx-sum: 2\r\nx-name: \xe9\xd7\r\n\r\n$/i, method);
  }
});

t.test('13.10: trailers that are for one connection, or change the framing, are not handed on', async (t) => {
  const trailers =
    'X-Sum: 1\r\nTransfer-Encoding: chunked\r\nConnection: X-Own\r\nX-Own: a\r\nKeep-Alive: 5\r\n';
  const origin = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n${trailers}\r\n`;
  const site = await startRawSite('unmatched: standard', () => origin);
  t.teardown(() => site.close());
  for (const method of ['GET', 'POST']) {
    const text = await rawExchange(site.url, requestText({ method }));
    t.match(text, /\r\n2\r\nok\r\n0\r\nx-sum: 1\r\n\r\n$/i, method);
  }
});
