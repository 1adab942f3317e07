/** The lane over HTTP/2, frame by frame: windows, limits, and who answers what. */

import t, { type Test } from 'tap';
import { connectFrames, type FrameClient, settingsOf, windowOf } from '../../helpers/h2-client.ts';
import { endHeaders, endStream, frame, types } from '../../helpers/h2-frames.ts';
import { eventually } from '../../helpers/eventually.ts';
import { startSite } from '../../helpers/scripted-site.ts';

const rules = `
content_types: { page: { ttl: 1h, scope: public } }
routes: [{ match: "GET /page/:name", type: page }]
`;
const whole = endStream | endHeaders;
const big = 'x'.repeat(200_000);

const requestFor = (path: string, more = '', method = '\x82'): string =>
  `${method}\x86\x04${String.fromCharCode(path.length)}${path}\x41\x09site.test${more}`;
const ask = (stream: number, path: string, more = ''): Buffer =>
  frame(types.headers, whole, stream, requestFor(path, more));
const cacheStatus = (client: FrameClient, stream: number): string => {
  const { fields } = client.streams.get(stream) ?? { fields: [] as string[] };
  return fields[fields.indexOf('cache-status') + 1] ?? '';
};
const hasEnded =
  (client: FrameClient, ...streams: readonly number[]) =>
  () =>
    streams.every((stream) => client.streams.get(stream)?.end !== undefined);

/** A site with pages in memory, and a client's connection to it. */
async function open(t: Test, ...frames: readonly Buffer[]) {
  const site = await startSite(`listen: { h2c: true }${rules}`, {
    answer: (request, response) => {
      response.end(request.url?.endsWith('big') === true ? big : `body of ${request.url ?? ''}`);
    },
  });
  t.teardown(() => site.close());
  const before = await connectFrames(t, site.url, settingsOf({ 4: 2 ** 20 }), windowOf(0, 2 ** 20));
  before.send(ask(1, '/page/a'), ask(3, '/page/big'));
  await before.until(hasEnded(before, 1, 3));
  // Twice: what a hit is sent is prepared then.
  before.send(ask(5, '/page/a'));
  await before.until(hasEnded(before, 5));
  before.socket.destroy();
  return { site, client: await connectFrames(t, site.url, ...frames) };
}

const lengthOf = (client: FrameClient, stream: number): number =>
  client.streams.get(stream)?.body.length ?? 0;

t.test('hits and misses on one connection, whose streams node:http2 sees in part', async (t) => {
  const { client, site } = await open(t);
  client.send(ask(1, '/page/a'), ask(3, '/page/new'), ask(5, '/page/a'), ask(7, '/other'), ask(9, '/page/a'));
  await client.until(hasEnded(client, 1, 3, 5, 7, 9));
  for (const stream of [1, 5, 9]) {
    t.match(cacheStatus(client, stream), /^shelflife; hit/);
    t.equal(client.streams.get(stream)?.body, 'body of /page/a');
  }
  t.equal(client.streams.get(3)?.body, 'body of /page/new');
  t.equal(client.streams.get(7)?.body, 'body of /other');
  const hits = site.outcomes.filter(({ kind }) => kind === 'hit').slice(-3);
  t.strictSame(
    hits.map(({ target }) => target),
    ['/page/a', '/page/a', '/page/a'],
  );
});

t.test('a repeated block is read by the table as it is now', async (t) => {
  const { client } = await open(t);
  // `:path` with indexing: number 62 is the newest of the table.
  const indexed = (path: string): string =>
    `\x82\x86\x44${String.fromCharCode(path.length)}${path}\x41\x09site.test`;
  const again = '\x82\x86\xbf\xbe';
  client.send(
    frame(types.headers, whole, 1, indexed('/page/a')),
    frame(types.headers, whole, 3, again),
    frame(types.headers, whole, 5, again),
    frame(types.headers, whole, 7, indexed('/page/b')),
    frame(types.headers, whole, 9, again),
  );
  await client.until(hasEnded(client, 1, 3, 5, 7, 9));
  for (const [stream, path] of [
    [1, 'a'],
    [3, 'a'],
    [5, 'a'],
    [7, 'b'],
    [9, 'b'],
  ] as const)
    t.equal(client.streams.get(stream)?.body, `body of /page/${path}`, `stream ${stream}`);
});

t.test('an answer goes as far as the windows of stream and connection are open', async (t) => {
  const { client } = await open(t, settingsOf({ 4: 10 }));
  client.send(ask(1, '/page/big'));
  await client.until(() => lengthOf(client, 1) === 10);
  client.send(windowOf(1, 5));
  await client.until(() => lengthOf(client, 1) === 15);
  // RFC 9113 §6.9.2: it holds for streams under way.
  client.send(settingsOf({ 4: 2 ** 20 }));
  await client.until(() => lengthOf(client, 1) === 65_535);
  client.send(ask(3, '/page/a'), ask(5, '/other'), frame(types.ping, 0, 0, 'question'));
  await client.until(() => client.seen.includes(types.ping));
  t.strictSame([lengthOf(client, 3), lengthOf(client, 5)], [0, 0], 'the connection takes no more');
  client.send(windowOf(0, 1000));
  await client.until(() => [1, 3, 5].reduce((sum, stream) => sum + lengthOf(client, stream), 0) === 66_535);
  client.send(windowOf(0, 2 ** 20));
  await client.until(hasEnded(client, 1, 3, 5));
  t.strictSame(
    [1, 3, 5].map((stream) => lengthOf(client, stream)),
    [200_000, 15, 14],
  );
});

t.test('node:http2 is told of what the lane leaves of the window, and no more', async (t) => {
  const { client } = await open(t, settingsOf({ 4: 2 ** 20 }));
  client.send(ask(1, '/page/big'), ask(3, '/other/big'), ask(5, '/other/big'));
  let opened = 65_535;
  const total = (): number => [1, 3, 5].reduce((sum, stream) => sum + lengthOf(client, stream), 0);
  while (!hasEnded(client, 1, 3, 5)()) {
    await client.until(() => total() === Math.min(opened, 600_000));
    client.send(windowOf(0, 30_000));
    opened += 30_000;
    if (total() === 600_000) await client.until(hasEnded(client, 1, 3, 5));
  }
  t.ok([1, 3, 5].every((stream) => client.streams.get(stream)?.body === big));
});

t.test('a client whose table becomes smaller is told so by whoever writes it', async (t) => {
  for (const settings of [[settingsOf({ 1: 0 })], [settingsOf({ 1: 65_536 }), settingsOf({ 1: 4096 })]]) {
    const { client } = await open(t, ...settings);
    client.send(ask(3, '/page/a'), ask(1, '/page/a'), frame(types.ping, 0, 0, 'question'));
    await client.until(() => client.seen.includes(types.ping));
    await client.until(hasEnded(client, 3));
    t.match(cacheStatus(client, 3), /^shelflife; hit/);
    // The lane would end the connection.
    t.equal(client.goaway, undefined, 'by node:http2');
  }
});

t.test('blocks that mean far more than they take are passed on whole, or not at all', async (t) => {
  const { client, site } = await open(t);
  const entry = `\x40\x01x\x7f\xa1\x1e${'v'.repeat(4000)}`;
  client.send(frame(types.headers, whole, 1, requestFor('/other', entry)));
  await client.until(hasEnded(client, 1));
  // The authority and the entry, by their numbers: 4 KB each time.
  const ofTimes = (stream: number, count: number): Buffer =>
    frame(types.headers, whole, stream, `\x82\x86\x04\x06/other\xbf${'\xbe'.repeat(count)}`);
  client.send(ofTimes(3, 3), ofTimes(5, 10));
  await client.until(hasEnded(client, 3, 5));
  t.equal(client.streams.get(3)?.fields[1], '200');
  t.ok((site.requests.at(-1)?.rawHeaders.join().length ?? 0) > 12_000);
  t.equal(client.streams.get(5)?.fields[1], '431', 'of the origin: it has not come with fewer fields');
  const before = site.outcomes.length;
  for (let at = 3; at < 1000; at += 1) client.send(ofTimes(at * 2 + 1, 25));
  await client.until(() => client.goaway !== undefined);
  t.equal(client.streams.get(7)?.end, 11);
  t.equal(client.goaway?.code, 11);
  t.equal(site.outcomes.length, before, 'none is read as a request');
});

t.test('what node:http2 cannot see broken ends the connection with its reason', async (t) => {
  const resets = (count: number): Buffer[] =>
    Array.from({ length: count }, (_, at) => [
      ask(at * 2 + 1, '/page/a'),
      frame(types.reset, 0, at * 2 + 1, '\0\0\0\x08'),
    ]).flat();
  for (const [what, code, ...frames] of [
    ['data behind a request that was answered', 5, ask(1, '/page/a'), frame(types.data, 1, 1, 'x')],
    ['trailers behind one', 5, ask(1, '/page/a'), ask(1, '/page/a')],
    ['a stream that is opened again', 5, ask(3, '/page/a'), ask(1, '/page/a')],
    ['a window of zero', 1, ask(1, '/page/a'), windowOf(1, 0)],
    [
      'a window beyond size',
      3,
      settingsOf({ 4: 1 }),
      ask(1, '/page/big'),
      windowOf(1, 2 ** 31 - 1),
      windowOf(1, 1),
    ],
    ["the connection's window beyond size", 3, windowOf(0, 2 ** 31 - 1)],
    ['a reset of a wrong length', 6, ask(1, '/page/a'), frame(types.reset, 0, 1, 'x')],
    ['a block that cannot be read', 9, frame(types.headers, whole, 1, '\xff\xff\xff\xff\xff\xff')],
    [
      'a frame within a block',
      1,
      frame(types.headers, 1, 1, requestFor('/page/a')),
      frame(types.ping, 0, 0, '12345678'),
    ],
    ['padding that is longer than its frame', 1, frame(types.headers, whole | 8, 1, '\x09\x82')],
    ['rapid reset of what is answered at once', 11, ...resets(400)],
  ] as const) {
    const { client } = await open(t, ...frames);
    await client.until(() => client.goaway !== undefined);
    t.equal(client.goaway?.code, code, what);
    await client.until(() => client.isClosed || client.socket.readableEnded);
  }
});

t.test('as many resets as a browser makes are none too many', async (t) => {
  const { client } = await open(t);
  for (let at = 0; at < 200; at += 1)
    client.send(ask(at * 2 + 1, '/page/a'), frame(types.reset, 0, at * 2 + 1, '\0\0\0\x08'));
  client.send(ask(1001, '/page/a'), ask(1003, '/other'));
  await client.until(hasEnded(client, 1001, 1003));
  t.equal(client.goaway, undefined);
});

t.test('heads in pieces, padded, and with a priority', async (t) => {
  const { client } = await open(t);
  const block = requestFor('/page/a');
  client.send(
    frame(types.headers, endStream, 1, block.slice(0, 5)),
    frame(types.continuation, 0, 1, block.slice(5, 9)),
    frame(types.continuation, endHeaders, 1, block.slice(9)),
    frame(types.headers, whole | 8, 3, `\x03${block}\0\0\0`),
    frame(types.headers, whole | 32, 5, `\0\0\0\x01\x10${block}`),
    frame(types.headers, whole | 40, 7, `\x02\0\0\0\x01\x10${requestFor('/other')}\0\0`),
  );
  await client.until(hasEnded(client, 1, 3, 5, 7));
  for (const stream of [1, 3, 5]) t.match(cacheStatus(client, stream), /^shelflife; hit/);
  t.equal(client.streams.get(7)?.body, 'body of /other');
});

t.test('a stop names the last stream that was answered here, and waits for answers under way', async (t) => {
  const { client, site } = await open(t, settingsOf({ 4: 10 }));
  client.send(ask(1, '/page/big'), ask(3, '/other'));
  await client.until(() => lengthOf(client, 1) === 10 && lengthOf(client, 3) === 10);
  client.send(windowOf(3, 100), ask(5, '/page/big'));
  await client.until(hasEnded(client, 3));
  await client.until(() => lengthOf(client, 5) === 10);
  const closed = site.proxy.close();
  await client.until(() => client.goaway !== undefined && client.goaway.last < 2 ** 31 - 1);
  t.equal(client.goaway?.last, 5);
  client.send(settingsOf({ 4: 2 ** 20 }), windowOf(0, 2 ** 20));
  await client.until(hasEnded(client, 1, 5));
  t.strictSame([lengthOf(client, 1), lengthOf(client, 5)], [200_000, 200_000]);
  await closed;
});

t.test('a client that takes nothing is answered no more than it may have streams', async (t) => {
  const { client, site } = await open(t, settingsOf({ 4: 2 ** 31 - 1 }), windowOf(0, 2 ** 30));
  client.socket.pause();
  const before = site.outcomes.length;
  for (let at = 0; at < 1000; at += 1) client.send(ask(at * 2 + 1, '/page/big'));
  await eventually('some are answered', () => site.outcomes.length > before);
  client.socket.resume();
  await client.until(hasEnded(client, 1));
  t.equal(client.streams.get(1)?.body, big);
  t.ok(site.outcomes.length - before <= 300, `${site.outcomes.length - before} answers begun`);
});
