/** Who answers: the lane what is fresh in memory, node:http (which here says so) everything else. */

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import t, { type Test } from 'tap';
import { createLane } from '../../src/lane/lane.ts';
import { parseConfig } from '../../src/config/schema/check.ts';
import type { Pipeline } from '../../src/proxy/pipeline.ts';
import type { Slow } from '../../src/lane/plan.ts';
import { digestOf } from '../../src/lane/digest.ts';
import { type KnownBlock, Remembered } from '../../src/lane/remembered.ts';
import { readBlock } from '../../src/lane/read-block.ts';
import { RequestLine } from '../../src/lane/request-line.ts';
import { createReader } from '../../src/proxy/exchange/client-request.ts';
import { type Limits, limits } from '../../src/proxy/listen/limits.ts';
import { PublicListener } from '../../src/proxy/listen/public-listener.ts';
import { eventually } from '../helpers/eventually.ts';
import { cookieOf, secret, sessionOf } from '../helpers/flask-site.ts';
import { ask, answersTo, parseAnswers, timeToClose } from '../helpers/raw-client.ts';
import { type Site, startSite } from '../helpers/scripted-site.ts';
import { TestClock } from '../helpers/test-clock.ts';
import { answer, rules } from './streams.ts';

const quick = { maxHeaderSize: 16 * 1024, headersTimeout: 150, bodyPauseMs: 150, checkEveryMs: 30 };
const get = (target: string, ...lines: readonly string[]): string =>
  `${[`GET ${target} HTTP/1.1`, 'Host: site.test', ...lines].join('\r\n')}\r\n\r\n`;
const close = 'Connection: close';
const byNode = 'by node:http';

type Room = {
  /** What node:http was asked. */
  readonly asked: readonly string[];
  readonly errors: readonly unknown[];
  readonly site: Site;
  readonly url: string;
  readonly listener: PublicListener;
  readonly clock: TestClock;
  /** Its routes are in quarantine or not. */
  readonly quarantine: { isOn: boolean };
};

/** A site with something stored, and a lane over its store in front of a node:http that answers in its own words. */
async function open(t: Test, given: Limits = limits, run?: Pipeline): Promise<Room> {
  const clock = new TestClock();
  const site = await startSite(rules, { answer, clock });
  const quarantine = { isOn: false };
  const services = { ...site.proxy.services, isQuarantined: () => quarantine.isOn };
  const asked: string[] = [];
  const errors: unknown[] = [];
  const http = createServer((request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
    request.resume();
    request.on('end', () => response.end(byNode));
  });
  const read = createReader({ hosts: undefined, trustedProxies: [] });
  const options = {
    services,
    read,
    trustedProxies: [],
    peek: services.store.peek.bind(services.store),
    limits: given,
    pipeline: run && { run, onError: (error: unknown) => void errors.push(error) },
  };
  const listener = new PublicListener({ http, upgraded: new Set(), lane: createLane(options, http) });
  const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
  t.teardown(async () => {
    await listener.close();
    await site.close();
  });
  for (const target of ['/public/a', '/large', '/mine/a'])
    await ask(site.url, { target, lines: ['Cookie: session=one'] });
  for (const target of ['/public/a', '/large', '/huge']) await ask(site.url, { target });
  return { asked, errors, site, url: `http://127.0.0.1:${port}`, listener, clock, quarantine };
}

/** Who answered each request of one connection. */
async function whoAnswers(url: string, ...requests: readonly string[]): Promise<readonly string[]> {
  const answers = await answersTo(url, requests.join(''));
  return answers.map(({ body }) => (body === byNode ? 'node' : 'lane'));
}

function lineOf(target: string, method = 'GET'): RequestLine {
  const line = new RequestLine();
  line.scan(Buffer.from(`${method} ${target} HTTP/1.1\r\n`), 0);
  return line;
}

const slowFor = (sentTarget: string): Slow => ({
  kind: 'slow',
  site: room.site.proxy.services.site(),
  sentTarget,
  place: 0,
  isUsed: false,
});

/** Two texts with the same digest. */
function sharingDigest(textOf: (at: number) => string): readonly string[] {
  const seen = new Map<number, string>();
  for (let at = 0; at < 1_000_000; at += 1) {
    const text = textOf(at);
    const digest = digestOf(Buffer.from(text), 0, text.length);
    const before = seen.get(digest);
    if (before?.length === text.length) return [before, text];
    seen.set(digest, text);
  }
  throw new Error('no two have the same');
}

const room = await open(t);

t.test('a connection comes back after an answer of node:http to a plain request', async (t) => {
  const { url } = room;
  const post =
    'POST /public/zzz HTTP/1.1\r\nHost: site.test\r\nContent-Length: 70000\r\n\r\n' + 'x'.repeat(70_000);
  const who = await whoAnswers(
    url,
    get('/public/a'),
    get('/none'),
    get('/public/a'),
    post,
    get('/public/a', close),
  );
  t.strictSame(who, ['lane', 'node', 'lane', 'node', 'lane']);
});

t.test('at an odd request it is node:http that has it for good', async (t) => {
  const { url } = room;
  const odd = get('/public/a', 'X: two  blanks');
  t.strictSame(await whoAnswers(url, get('/public/a'), odd, get('/public/a', close)), [
    'lane',
    'node',
    'node',
  ]);
});

t.test('what is no plain wish for a fresh response is left to node:http', async (t) => {
  const { url } = room;
  const lines = [
    'Range: bytes=0-3',
    'Cache-Control: no-cache',
    'Pragma: no-cache',
    'Cache-Control: no-store',
  ];
  const more = [
    'X-HTTP-Method-Override: DELETE',
    'If-Match: "x"',
    'Cache-Control: max-age=0',
    'Content-Length: 0',
  ];
  for (const line of [...lines, ...more])
    t.strictSame(await whoAnswers(url, get('/public/a', line, close)), ['node'], line);
  t.strictSame(await whoAnswers(url, get('/public%2Fa', close)), ['node']);
});

t.test('a copy is given to its own identity only', async (t) => {
  const { url } = room;
  const whose = async (...cookies: readonly string[]) =>
    whoAnswers(url, get('/mine/a', ...cookies.map((cookie) => `Cookie: ${cookie}`), close));
  t.strictSame(await whose('session=one'), ['lane']);
  t.strictSame(await whose('session=two'), ['node']);
  t.strictSame(await whose('session=one; session=two'), ['node']);
  t.strictSame(await whose('session=one', 'session=two'), ['node']);
  t.strictSame(await whose(), ['node']);
  t.strictSame(
    await whoAnswers(url, get('/mine/a', 'Cookie: session=one', 'Authorization: Basic eDp5', close)),
    ['node'],
  );
  t.strictSame(await whose('session=one'), ['lane']);
});

t.test('nothing is given in quarantine, after a purge, a reload that ends it, or its lifetime', async (t) => {
  const { url, site, clock, quarantine } = await open(t);
  const asked = () => whoAnswers(url, get('/public/a'), get('/large', close));
  for (const isOn of [false, true, false]) {
    quarantine.isOn = isOn;
    t.strictSame(await asked(), isOn ? ['node', 'node'] : ['lane', 'lane'], `in quarantine: ${isOn}`);
  }
  const { purgeLog } = site.proxy.services;
  await purgeLog.append({
    tags: ['type:page' as never],
    prefixes: [],
    everything: false,
    soft: false,
    cause: 'api',
  });
  t.strictSame(await asked(), ['node', 'lane']);
  await ask(site.url, { target: '/public/a' });
  t.strictSame(await asked(), ['lane', 'lane']);
  const { upstream } = site.proxy.services.site().config;
  const parsed = parseConfig(`upstream: ${upstream.url}\nunmatched: pass\n`, { file: 'b.yaml', env: {} });
  if (parsed.kind === 'ok') await site.proxy.replaceConfig(parsed.config);
  t.strictSame(await asked(), ['node', 'node']);
  const other = await open(t);
  other.clock.advance(3601);
  clock.advance(3601);
  t.strictSame(await whoAnswers(other.url, get('/public/a'), get('/large', close)), ['node', 'node']);
});

t.test('a session that has run out gets nothing more of what it was given', async (t) => {
  const { url, site, clock } = await open(t);
  const { upstream } = site.proxy.services.site().config;
  const session = `{ cookie: session, secret: "${secret}", max_age: 30m, user_claim: user_id }`;
  const text = `upstream: ${upstream.url}\nidentity: { flask_session: ${session} }\n${rules}`;
  const parsed = parseConfig(text, { file: 'b.yaml', env: {} });
  if (parsed.kind !== 'ok') throw new Error(JSON.stringify(parsed));
  await site.proxy.replaceConfig(parsed.config);
  const line = `Cookie: ${cookieOf(sessionOf(7), clock.now())}`;
  await ask(site.url, { target: '/mine/a', lines: [line] });
  const asked = () => whoAnswers(url, get('/mine/a', line), get('/mine/a', line, close));
  t.strictSame(await asked(), ['lane', 'lane']);
  clock.advance(1801);
  t.strictSame(await asked(), ['node', 'node'], 'fresh, and not for this session');
});

t.test('a large body reaches a slow client whole, and requests behind it their answers', async (t) => {
  const { url } = room;
  const { hostname, port } = new URL(url);
  const socket = connect({ port: Number(port), host: hostname });
  t.teardown(() => socket.destroy());
  socket.write(get('/large').repeat(60) + get('/public/a', close));
  let text = '';
  for await (const chunk of socket) {
    text += (chunk as Buffer).toString('latin1');
    if (text.length % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const answers = parseAnswers(text);
  t.equal(answers.length, 61);
  t.ok(answers.slice(0, 60).every(({ body }) => body.length === 200_000));
});

t.test('a slow client that has closed its side gets all its answers, and then the end', async (t) => {
  const { url } = room;
  const { hostname, port } = new URL(url);
  const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
  t.teardown(() => socket.destroy());
  socket.end(get('/none') + get('/huge').repeat(3) + get('/public/a'));
  await once(socket, 'readable');
  let text = '';
  socket.setTimeout(60_000, () => socket.destroy(new Error('the connection stays')));
  for await (const chunk of socket) text += (chunk as Buffer).toString('latin1');
  t.strictSame(
    parseAnswers(text).map(({ body }) => body.length),
    [byNode.length, 4_000_000, 4_000_000, 4_000_000, 'the body of /public/a'.length],
  );
});

t.test('nothing that comes behind the last answer is a request', async (t) => {
  const { url, asked } = room;
  const { hostname, port } = new URL(url);
  const socket = connect({ port: Number(port), host: hostname });
  t.teardown(() => socket.destroy());
  socket.write(get('/none'));
  await once(socket, 'readable');
  socket.read();
  socket.write(get('/huge', close));
  await once(socket, 'readable');
  const before = asked.length;
  socket.write('POST /public/behind HTTP/1.1\r\nHost: site.test\r\nContent-Length: 0\r\n\r\n');
  // The server has read it when it answers another client that asked later.
  await whoAnswers(url, get('/public/a', close));
  let bytes = 0;
  for await (const chunk of socket) bytes += (chunk as Buffer).length;
  t.ok(bytes > 4_000_000, `${bytes} bytes of the answer came`);
  t.strictSame(asked.slice(before), []);
});

t.test('a client that does not take its last answer is cut off, whatever it sends', async (t) => {
  const { url } = await open(t, quick);
  const { hostname, port } = new URL(url);
  const accepted: Socket[] = [];
  const onAccepted = (message: unknown) => accepted.push((message as { socket: Socket }).socket);
  subscribe('net.server.socket', onAccepted);
  t.teardown(() => unsubscribe('net.server.socket', onAccepted));
  for (const line of ['', 'more']) {
    const socket = connect({ port: Number(port), host: hostname });
    t.teardown(() => socket.destroy());
    const cutOff = new Promise((resolve) => socket.on('error', () => undefined).once('close', resolve));
    socket.write(get('/huge', close));
    await once(socket, 'readable');
    const sending = setInterval(() => socket.write(line === '' ? '' : get('/none')), 20);
    let bytes = 0;
    socket.on('data', (chunk: Buffer) => (bytes += chunk.length)).pause();
    const served = accepted.find(({ remotePort }) => remotePort === socket.localPort);
    await eventually('it is cut off', () => served?.destroyed === true);
    // A client that does not read is not told.
    socket.resume();
    await cutOff;
    clearInterval(sending);
    t.ok(bytes < 4_000_000, `${bytes} bytes came`);
  }
});

t.test(
  'what is no hit the pipeline answers on the socket; its errors are answered, or cut what has begun',
  async (t) => {
    const { url, errors, asked } = await open(t, limits, ({ path }, reply) => {
      if (path === '/pass/throws') throw new Error('thrown');
      reply.head(200, ['Content-Length', '9', ...(path === '/pass/odd' ? ['X', 'a\r\nX-Forged: b'] : [])]);
      reply.write(Buffer.from('piece'));
      if (path === '/pass/whole') reply.end(Buffer.from('nine'));
      return path === '/pass/breaks' ? Promise.reject(new Error('rejected')) : undefined;
    });
    const targets = ['/pass/throws', '/pass/whole', '/public/a', '/pass/odd', '/pass/breaks', '/pass/whole'];
    const { hostname, port } = new URL(url);
    const socket = connect({ port: Number(port), host: hostname });
    socket.write(targets.map((target) => get(target)).join(''));
    let text = '';
    for await (const chunk of socket) text += (chunk as Buffer).toString('latin1');
    const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
    t.strictSame(statuses, ['500', '200', '200', '500', '200']);
    t.ok(text.includes('\r\n\r\npiecenineHTTP') && text.endsWith('\r\n\r\npiece'));
    t.notMatch(text, 'Forged');
    t.strictSame([errors.length, asked], [3, []]);
  },
);

t.test(
  'the pipeline hears whether a client takes its answer, and one that does not is cut off',
  async (t) => {
    const piece = Buffer.alloc(64 * 1024, 'x');
    let left = 200;
    let resolveGone: (value: string) => void = () => undefined;
    const { url } = await open(t, quick, ({ path }, reply) => {
      let isGone = false;
      const isWanted = (): boolean => !isGone && (path === '/pass/stuck' || left > 0);
      const send = (): void => {
        for (let isTaken = true; isTaken && isWanted(); left -= 1) isTaken = reply.write(piece);
        if (left === 0) reply.end();
      };
      reply.onDrain(send);
      reply.onGone(() => {
        isGone = true;
        resolveGone(path);
      });
      reply.head(200, []);
      if (path !== '/pass/waits') send();
      return undefined;
    });
    const taken = await answersTo(url, get('/pass/taken') + get('/public/a', close));
    t.strictSame(
      taken.map(({ body }) => body.length > 1_000_000),
      [true, false],
    );
    const { hostname, port } = new URL(url);
    for (const isSending of [false, true]) {
      const gone = new Promise<string>((resolve) => (resolveGone = resolve));
      const socket = connect({ port: Number(port), host: hostname });
      socket.on('error', () => undefined);
      socket.write(get('/pass/stuck'));
      const sending = setInterval(() => isSending && socket.write(get('/public/a')), 20);
      t.equal(await gone, '/pass/stuck', isSending ? 'though it sends more' : 'silent');
      clearInterval(sending);
      socket.destroy();
    }
    const gone = new Promise<string>((resolve) => (resolveGone = resolve));
    const socket = connect({ port: Number(port), host: hostname });
    socket.end(get('/pass/waits'));
    socket.resume();
    t.equal(await gone, '/pass/waits', 'it has closed its side');
  },
);

t.test('what is remembered is bounded, whatever a client sends with each request', (t) => {
  const remembered = new Remembered(8192);
  const blockOf = (text: string): KnownBlock | undefined =>
    remembered.blockOf(Buffer.from(`Host: site.test\r\nX: ${text}\r\n\r\n`));
  const ask = (known: KnownBlock | undefined, count: number): number => {
    for (let at = 0; known !== undefined && at < count; at += 1)
      remembered.remember(known, lineOf(`/${at}`), slowFor(`/${at}`));
    return known?.get.size ?? -1;
  };
  t.equal(ask(blockOf('x'.repeat(5000)), 100), 0);
  const held = blockOf('held');
  t.equal(ask(held, 100), 100);
  for (let other = 0; other < 1024; other += 1) blockOf(`${other}`);
  t.equal(held?.get.size, 0);
  t.equal(ask(held, 100), 0);
  t.equal(ask(blockOf('held'), 100), 100);
  t.end();
});

t.test('plans in use stay when there are too many, and what is asked for later comes to stay', (t) => {
  const remembered = new Remembered(64);
  const blockOf = (host: string): KnownBlock => {
    const known = remembered.blockOf(Buffer.from(`Host: ${host}\r\n\r\n`));
    if (known === undefined) throw new Error('not plain');
    return known;
  };
  const blocks = ['a', 'b'].map(blockOf);
  const isFound = (known: KnownBlock, target: string): boolean => {
    const line = lineOf(target);
    if (known.planned(line) !== undefined) return true;
    remembered.remember(known, line, slowFor(target));
    return false;
  };
  const found = (name: string, count: number): number =>
    blocks
      .flatMap((known) => Array.from({ length: count }, (_, at) => isFound(known, `/${name}/${at}`)))
      .filter(Boolean).length;
  const kept = (): number => blocks.reduce((sum, known) => sum + known.get.size, 0);
  found('hot', 25);
  const hot = Array.from({ length: 20 }, (_, round) => {
    found(`once-${round}`, 12);
    return found('hot', 25);
  });
  t.ok(Math.min(...hot) >= 45, `of 50 are found each time: ${hot.join(' ')}`);
  for (let round = 0; round < 60; round += 1) found('later', 25);
  t.ok(found('later', 25) >= 45, 'the others have gone');
  t.ok(kept() <= 64, `${kept()}`);
  const [leaving, staying] = blocks;
  if (leaving === undefined || staying === undefined) return;
  const [left, before] = [leaving.get.size, staying.get.size];
  for (let other = 0; other < 2200; other += 1) {
    remembered.find(staying.bytes, 0, staying.bytes.length);
    blockOf(`x${other}`);
  }
  t.equal(leaving.get.size, 0);
  for (let at = 0; at < left; at += 1) isFound(staying, `/new/${at}`);
  t.equal(staying.get.size, before + left, 'its places are given at once');
  t.end();
});

t.test('of field blocks, and of targets, that share a digest each is itself alone', (t) => {
  const blocks = sharingDigest((at) => `Host: site.test\r\nCookie: session=${at}\r\n\r\n`);
  const remembered = new Remembered(8192);
  for (const text of [...blocks, ...blocks]) {
    const bytes = Buffer.from(text);
    t.strictSame(remembered.blockOf(bytes)?.bytes, bytes);
    t.strictSame(remembered.find(bytes, 0, bytes.length)?.bytes, bytes);
  }
  const [known] = blocks.slice(1).map((text) => remembered.blockOf(Buffer.from(text)));
  if (known === undefined) throw new Error('not plain');
  const targets = sharingDigest((at) => `/page/${at}?a=${at}`);
  for (const target of [...targets, ...targets]) {
    t.equal(known.planned(lineOf(target)), undefined);
    remembered.remember(known, lineOf(target), slowFor(target));
    t.equal(known.planned(lineOf(target))?.sentTarget, target);
    t.equal(known.planned(lineOf(target, 'HEAD')), undefined);
  }
  t.equal(known.get.size, 1);
  t.end();
});

t.test('field blocks that differ in one byte, wherever, are not taken for one another', (t) => {
  const remembered = new Remembered(512);
  const bytes = Buffer.from(`Host: site.test\r\nX: ${'x'.repeat(90)}\r\nCookie: s=${'c'.repeat(90)}\r\n\r\n`);
  const known = remembered.blockOf(bytes);
  const mistaken = Array.from(bytes.keys()).filter((at) => {
    const other = Buffer.from(bytes);
    other[at] = 0x79;
    const isOther = remembered.find(other, 0, other.length) === undefined;
    const isItself = remembered.blockOf(other)?.bytes.equals(other) !== false;
    return !isOther || !isItself || remembered.find(bytes, 0, bytes.length) !== known;
  });
  t.strictSame(mistaken, []);
  t.end();
});

t.test('a field block that is asked for again and again makes no room for others', (t) => {
  const remembered = new Remembered(512);
  const blockOf = (text: string): KnownBlock | undefined =>
    remembered.blockOf(Buffer.from(`Host: site.test\r\nX: ${text}\r\n\r\n`));
  const known = blockOf('again');
  const others = Array.from({ length: 3000 }, (_, other) => `${other}`);
  t.strictSame(
    others.filter((other) => blockOf(other) === undefined || blockOf('again') !== known),
    [],
  );
  t.end();
});

t.test('a field block that has made room is not kept for having been found', async (t) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const remembered = new Remembered(512);
  // Their samples differ: of four bytes in sixteen.
  const blockOf = (text: string): KnownBlock | undefined =>
    remembered.blockOf(
      Buffer.from(`Host: site.test\r\nX: ${text.padStart(4, '0')}${'x'.repeat(12)}\r\n\r\n`),
    );
  const found = Array.from({ length: 4096 }, (_, at) => {
    blockOf(`${at}`);
    return new WeakRef(blockOf(`${at}`) ?? {});
  });
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  const kept = found.filter((block) => block.deref() !== undefined).length;
  t.ok(kept >= 1024 && kept < 1100, `${kept} are kept`);
  t.ok(blockOf('4095'));
});

t.test('what a client sends ahead is not read again with each of its requests', (t) => {
  const pair = ['a', 'b'].map((host) => `GET /a HTTP/1.1\r\nHost: ${host}\r\n\r\n`).join('');
  const remembered = new Remembered(512);
  const line = new RequestLine();
  const timeFor = (bytes: Buffer): number => {
    const asker = {
      socket: {},
      httpVersion: '1.1' as const,
      remembered,
      known: undefined,
      exchange: undefined,
    };
    const startedAt = process.cpuUsage();
    for (let at = 0; line.scan(bytes, at) === 'line';) {
      const end = readBlock(asker, bytes, line.end);
      if (typeof end !== 'number') throw new Error(end);
      at = end;
    }
    return process.cpuUsage(startedAt).user;
  };
  const least = (size: number): number => {
    const bytes = Buffer.from(pair.repeat(size / pair.length));
    return Math.min(...Array.from({ length: 12 }, () => timeFor(bytes)));
  };
  const small = least(4096);
  t.ok(least(65_536) < 16 * 4 * Math.max(small, 50), `in proportion: ${small} µs for 4 KB`);
  t.end();
});

t.test('clients that send or read too slowly are cut off', async (t) => {
  const { url } = await open(t, quick);
  const [nothing, half] = await Promise.all([answersTo(url, ''), answersTo(url, 'GET / HTTP/1.1\r\nHo')]);
  t.match([nothing, half], [[{ status: 408 }], [{ status: 408 }]]);
  const { hostname, port } = new URL(url);
  const socket = connect({ port: Number(port), host: hostname });
  const closed = new Promise((resolve) => socket.on('close', resolve));
  socket.on('error', () => undefined);
  socket.write(get('/large').repeat(200));
  const sending = setInterval(() => socket.write(get('/large')), 20);
  await closed;
  clearInterval(sending);
  t.ok((await timeToClose(url, `${get('/public/a')}GET / HTTP`)) < 5000);
});

t.test(
  'an answer after the stop is the last on its connection, and idle connections are closed',
  async (t) => {
    const { url, listener } = await open(t);
    const { hostname, port } = new URL(url);
    const [idle, busy] = [
      connect({ port: Number(port), host: hostname }),
      connect({ port: Number(port), host: hostname }),
    ];
    idle.resume();
    let text = '';
    busy.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    const closed = Promise.all(
      [idle, busy].map((socket) => new Promise((resolve) => socket.on('close', resolve))),
    );
    await whoAnswers(url, get('/public/a', close));
    const stopped = listener.close();
    busy.write(get('/public/a'));
    await Promise.all([stopped, closed]);
    t.match(parseAnswers(text), [{ status: 200, lines: /Connection: close/ }]);
  },
);
