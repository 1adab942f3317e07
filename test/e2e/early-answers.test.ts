/** RFC 9112 §9.6: an answer that comes before the end of its request reaches a client that writes first and reads later. */

import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import t, { type Test } from 'tap';
import { closeProxy } from '../helpers/close-proxy.ts';
import { answersTo, fateOf, parseAnswers, type RawAnswer, valuesOf } from '../helpers/raw-client.ts';
import { startProxy } from '../helpers/scripted-site.ts';
import { createReader } from '../../src/proxy/exchange/client-request.ts';
import { createHttpServer } from '../../src/proxy/listen/http-server.ts';
import { limits } from '../../src/proxy/listen/limits.ts';
import type { LingerBounds } from '../../src/proxy/exchange/linger.ts';
import type { RunningServer } from '../../src/server.ts';

const mib = 1024 ** 2;
const tooLarge = 'HTTP/1.1 413 Content Too Large\r\nContent-Length: 9\r\nX-Own: yes\r\n';

/** An origin that answers as soon as it has a head, and reads on; `close`: it closes with the answer. */
async function startOrigin(t: Test, answer: string, then: 'reads on' | 'closes' = 'reads on') {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write(answer);
      if (then === 'closes') socket.end();
      socket.resume();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function siteFor(t: Test, upstream: string, rules = ''): Promise<RunningServer> {
  const proxy = await startProxy(`upstream: ${upstream}\n${rules}`);
  t.teardown(() => closeProxy(proxy));
  return proxy;
}

/** Sends a head and all of its body, and looks for an answer only when all has been written. */
async function writeThenRead(url: string, head: string, body: readonly Buffer[]): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = '';
  let failure: string | undefined;
  socket.pause();
  socket.on('error', (error: NodeJS.ErrnoException) => (failure = error.code));
  await once(socket, 'connect');
  socket.write(head);
  for (const piece of body) {
    if (failure !== undefined || socket.destroyed) break;
    if (!socket.write(piece)) await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
  }
  socket.on('data', (chunk) => (text += chunk.toString('latin1')));
  socket.resume();
  if (!socket.destroyed) await once(socket, 'close').catch(() => undefined);
  const [answer] = parseAnswers(text);
  if (answer === undefined) throw new Error(`no answer; ${failure ?? 'the connection ended'}`);
  return answer;
}

const piece = Buffer.alloc(64 * 1024, 'x');
const pieces = (bytes: number): Buffer[] => Array.from({ length: bytes / piece.length }, () => piece);
const chunks = (bytes: number): Buffer[] =>
  pieces(bytes).map((each) => Buffer.concat([Buffer.from('10000\r\n'), each, Buffer.from('\r\n')]));
const headOf = (method: string, ...lines: string[]): string =>
  [`${method} /upload HTTP/1.1`, 'Host: site.test', ...lines, '', ''].join('\r\n');
const withLength = `Content-Length: ${16 * mib}`;

for (const [name, lines] of [
  ['closes with it', 'Connection: close\r\n'],
  ['keeps its connection', ''],
] as const) {
  t.test(`13.6: an origin that answers early and goes on reading, and ${name}`, async (t) => {
    const upstream = await startOrigin(t, `${tooLarge}${lines}\r\ntoo large`);
    const { url } = await siteFor(t, upstream);
    for (const method of ['POST', 'PUT', 'DELETE', 'GET']) {
      for (const [framing, body] of [
        [withLength, pieces(16 * mib)],
        ['Transfer-Encoding: chunked', [...chunks(16 * mib), Buffer.from('0\r\n\r\n')]],
      ] as const) {
        const answer = await writeThenRead(url, headOf(method, framing), body);
        t.equal(answer.status, 413, `${method}, ${framing}`);
        t.equal(answer.body, 'too large');
        t.strictSame(valuesOf(answer, 'connection'), ['close']);
        t.strictSame(valuesOf(answer, 'x-own'), ['yes']);
      }
    }
  });
}

t.test('13.6: the proxy’s own answers while a body is arriving', async (t) => {
  const dead = await siteFor(
    t,
    'http://127.0.0.1:1',
    'listen: { address: "127.0.0.1:0", hosts: [site.test] }',
  );
  const cases: readonly (readonly [string, number, string])[] = [
    [headOf('POST', withLength), 502, 'no origin'],
    [headOf('POST', withLength).replace('site.test', 'other.test'), 421, 'another host'],
    [headOf('POST', withLength, 'Host: site.test'), 400, 'two hosts'],
    [headOf('POST', withLength, 'Expect: something'), 417, 'an expectation'],
    [headOf('POST', withLength, 'Bad Name: x'), 400, 'no field'],
    [headOf('BAN', withLength), 405, 'no method'],
    [headOf('POST', withLength, `X-Long: ${'x'.repeat(20_000)}`), 431, 'a long head'],
    [headOf('POST', 'Transfer-Encoding: chunked') + 'zz\r\n', 400, 'no chunk'],
  ];
  for (const [head, status, name] of cases) {
    const answer = await writeThenRead(dead.url, head, pieces(16 * mib));
    t.equal(answer.status, status, name);
    t.strictSame(valuesOf(answer, 'connection'), ['close'], name);
    t.not(fateOf(answer), '', name);
  }
});

t.test('13.6: bytes behind an early answer are never taken for a request', async (t) => {
  const upstream = await startOrigin(t, `${tooLarge}Connection: close\r\n\r\ntoo large`);
  const { url } = await siteFor(t, upstream);
  const smuggled = headOf('GET') + headOf('GET');
  const text = headOf('POST', `Content-Length: ${smuggled.length + 100_000}`) + smuggled;
  t.equal((await answersTo(url, text)).length, 1);
  t.equal((await answersTo(url, headOf('BAN', 'Content-Length: 5') + smuggled)).length, 1);
});

t.test('13.6: a body that has arrived completely does not cost the connection', async (t) => {
  const { url } = await siteFor(t, 'http://127.0.0.1:1');
  const text = headOf('POST', 'Content-Length: 5') + 'abcde' + headOf('GET', 'Connection: close');
  t.strictSame(
    (await answersTo(url, text)).map(({ status }) => status),
    [502, 502],
  );
});

/** A listener that answers every head at once, and reads on for so long and so much. */
async function startAnswering(t: Test, linger: LingerBounds): Promise<string> {
  const server = createHttpServer(
    {
      read: createReader({ hosts: undefined, trustedProxies: [] }),
      pipeline: (_request, reply) => {
        reply.head(413, []);
        reply.end(Buffer.from('too large'));
        return undefined;
      },
      onRefused: () => undefined,
      onError: () => undefined,
      limits: { ...limits, linger },
    },
    () => undefined,
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

t.test('13.6: reading and dropping a body is bounded in time and size', async (t) => {
  for (const [linger, name] of [
    [{ ms: 300, bytes: 1024 * mib }, 'time'],
    [{ ms: 600_000, bytes: mib }, 'size'],
  ] as const) {
    for (const head of [headOf('POST', 'Content-Length: 99999999999'), headOf('BAN')]) {
      const { hostname, port } = new URL(await startAnswering(t, linger));
      const socket = connect(Number(port), hostname);
      socket.on('error', () => undefined);
      const closed = new Promise((resolve) => socket.once('close', resolve));
      let text = '';
      // It never closes its own side by itself.
      socket.allowHalfOpen = true;
      socket.on('data', (chunk) => (text += chunk.toString('latin1')));
      socket.write(head);
      const sending = setInterval(() => socket.write(piece), 1);
      await closed;
      clearInterval(sending);
      t.match(text, /^HTTP\/1\.1 4/, `${name}: ${head.slice(0, 5)}`);
    }
  }
});
