/** Handshakes byte by byte: what reaches the origin, and when. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { eventually } from '../../helpers/eventually.ts';
import { rawExchange } from '../../helpers/raw-exchange.ts';
import { type RawSite, type RespondRaw, startRawSite } from '../../helpers/raw-origin.ts';

const head = (lines: readonly string[] = [], line = 'GET /ws HTTP/1.1'): string =>
  [
    line,
    'Host: a',
    'Connection: keep-alive, Upgrade',
    'Upgrade: WebSocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    ...lines,
    '',
    '',
  ].join('\r\n');

const accept = (lines: readonly string[] = [], rest = ''): string =>
  ['HTTP/1.1 101 Over to you', 'Connection: upgrade', 'Upgrade: websocket', ...lines, '', rest].join('\r\n');

async function site(t: Test, respond: RespondRaw, rules = 'unmatched: standard\n'): Promise<RawSite> {
  const raw = await startRawSite(rules, respond);
  t.teardown(() => raw.close());
  return raw;
}

/** A client that sends the text and keeps what it gets. */
function ask(url: string, text: string): { readonly socket: Socket; readonly received: () => string } {
  const socket = connect({ port: Number(new URL(url).port), allowHalfOpen: true });
  let received = '';
  socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  socket.write(text, 'latin1');
  return { socket, received: () => received };
}

t.test('bytes that arrive with a head are passed on after the 101, on both sides', async (t) => {
  const origin = await site(t, () => accept(['Content-Length: 5', 'Keep-Alive: timeout=5'], '\x81\x00first'));
  const { socket, received } = ask(origin.url, `${head()}\xff\x00early`);
  await eventually('the client has them', () => received().endsWith('\x81\x00first'));
  await eventually('the origin has them', () => origin.bytes().endsWith('\xff\x00early'));
  const answer = received();
  t.match(answer, /^HTTP\/1\.1 101 /);
  t.match(answer, /\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n/);
  t.notMatch(answer, /content-length|keep-alive/i, 'RFC 9110 §8.6, §7.6.1');
  t.match(origin.arrivals[0]?.lines.join('\n').toLowerCase(), /connection: upgrade\nupgrade: websocket/);
  socket.destroy();
});

t.test('without a 101, bytes after the handshake do not reach the origin', async (t) => {
  const behind = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
  const refused = 'HTTP/1.1 426 No\r\nContent-Length: 2\r\n\r\nno';
  const origin = await site(t, () => refused);
  const answer = await rawExchange(origin.url, head(['Sec-WebSocket-Version: 77']) + behind.repeat(5));
  t.match(answer, /^HTTP\/1\.1 426 [^]*\r\n\r\nno$/);
  t.notMatch(origin.bytes(), /smuggled/);
  t.equal(origin.arrivals.length, 1);
  const late = ask(origin.url, head());
  await eventually('it is answered', () => late.received().endsWith('no'));
  late.socket.write(behind);
  late.socket.end();
  await once(late.socket, 'close');
  t.notMatch(origin.bytes(), /smuggled/);
  t.equal(late.received().match(/HTTP\/1\.1/g)?.length, 1);
});

t.test('before the 101, bytes after the handshake do not reach the origin', async (t) => {
  const origin = await site(t, () => undefined);
  const { socket, received } = ask(origin.url, `${head()}early`);
  await eventually('the origin is asked', () => origin.arrivals.length === 1);
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  t.ok(origin.bytes().endsWith('\r\n\r\n'));
  origin.arrivals[0]?.socket.write(accept());
  await eventually('the client has the 101', () => received().includes(' 101 '));
  await eventually('the origin has the rest', () => origin.bytes().endsWith('early'));
  socket.destroy();
});

const wrong: readonly (readonly [name: string, answer: string])[] = [
  ['another protocol', 'HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n'],
  ['no protocol', 'HTTP/1.1 101 X\r\nConnection: upgrade\r\n\r\n'],
  ['a protocol without Connection', 'HTTP/1.1 101 X\r\nUpgrade: websocket\r\n\r\n'],
];
for (const [name, answer] of wrong) {
  t.test(`a 101 to ${name} is a 502`, async (t) => {
    const origin = await site(t, () => answer);
    const received = await rawExchange(origin.url, `${head()}early`);
    t.match(received, /^HTTP\/1\.1 502 /);
    t.match(received, /Proxy-Status: shelflife; error=http_protocol_error/);
    t.notMatch(origin.bytes(), /early/);
  });
}

t.test('an unrequested 101 is a 502', async (t) => {
  for (const answer of [accept(), 'HTTP/1.1 101 X\r\n\r\n']) {
    const origin = await site(t, () => answer);
    const get = 'GET /any HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
    t.match(await rawExchange(origin.url, get), /^HTTP\/1\.1 502 /);
  }
});

const ordinary: readonly (readonly [name: string, request: string])[] = [
  ['another protocol', head().replace('WebSocket', 'h2c')],
  ['several protocols', head().replace('WebSocket', 'websocket, h2c')],
  ['HTTP/1.0', head([], 'GET /ws HTTP/1.0')],
  ['a POST', head(['Content-Length: 5'], 'POST /ws HTTP/1.1') + 'hello'],
  ['a body', `${head(['Content-Length: 5'])}hello`],
  ['a body in chunks', `${head(['Transfer-Encoding: chunked'])}5\r\nhello\r\n0\r\n\r\n`],
  ['no Connection', head().replace('keep-alive, Upgrade', 'keep-alive')],
];
for (const [name, request] of ordinary) {
  t.test(`an Upgrade with ${name} is an ordinary request`, async (t) => {
    const origin = await site(t, () => 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    const { socket, received } = ask(origin.url, request);
    await eventually('it is answered', () => received().includes('\r\n\r\nok'));
    socket.destroy();
    t.match(received(), /^HTTP\/1\.[01] 200 /);
    const { lines = [], body } = origin.arrivals[0] ?? {};
    t.notMatch(lines.join('\n').toLowerCase(), /^upgrade:/m);
    t.ok(['', 'hello', '5\r\nhello\r\n0\r\n\r\n'].includes(body ?? '?'));
  });
}

t.test('an unknown Expect on a handshake is a 417', async (t) => {
  const origin = await site(t, () => accept());
  t.match(await rawExchange(origin.url, head(['Expect: something'])), /^HTTP\/1\.1 417 /);
  t.equal(origin.arrivals.length, 0);
});

t.test('a client that leaves before the answer ends the exchange with the origin', async (t) => {
  for (const leave of ['end', 'resetAndDestroy'] as const) {
    const origin = await site(t, () => undefined);
    const { socket } = ask(origin.url, head());
    await eventually('the origin is asked', () => origin.arrivals.length === 1);
    const left = once(origin.arrivals[0]?.socket ?? socket, 'close');
    socket[leave]();
    await left;
    t.pass(leave);
  }
});

t.test('a 101 for a client that has left is closed', async (t) => {
  const rules = 'unmatched: standard\nwrites: [{ match: GET /ws, invalidate: [a] }]\n';
  const origin = await site(t, () => undefined, rules);
  const { socket } = ask(origin.url, head());
  await eventually('the origin is asked', () => origin.arrivals.length === 1);
  const before = origin.proxy.services.purgeLog.position().seq;
  socket.resetAndDestroy();
  // A GET that acts is waited for, also without a client: what it made stale is ended once more behind its answer.
  await eventually('the client is missed', () => origin.proxy.services.purgeLog.position().seq > before);
  const asked = origin.arrivals[0]?.socket ?? socket;
  const left = once(asked, 'close');
  asked.write(accept());
  await left;
  t.ok(origin.proxy.services.purgeLog.position().seq > before + 1);
});

t.test('a long answer in place of a 101 is sent at the pace of its client', async (t) => {
  const size = 8 * 1024 * 1024;
  const long = Buffer.alloc(size, 'x').toString();
  const origin = await site(t, () => `HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n${long}`);
  const socket = connect(Number(new URL(origin.url).port));
  socket.write(head());
  socket.pause();
  await eventually('the origin is asked', () => origin.arrivals.length === 1);
  await eventually('it waits', () => (origin.arrivals[0]?.socket.writableLength ?? 0) > 0);
  let received = 0;
  socket.on('data', (chunk: Buffer) => (received += chunk.length)).resume();
  await once(socket, 'end');
  t.ok(received > size);
});
