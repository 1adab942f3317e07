/** Two proxies, one Redis, one origin: whole requests over real sockets, with and without failures. */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import t from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { closeProxy } from '../helpers/close-proxy.ts';
import { redisServer, type RedisServer } from '../helpers/redis-server.ts';
import { stopwatch } from '../helpers/stopwatch.ts';
import { type Site, startProxy, startSite } from '../helpers/scripted-site.ts';
import type { RunningServer } from '../../src/server.ts';

type Tap = Parameters<typeof redisServer>[0];
type Two = {
  readonly site: Site;
  readonly one: string;
  readonly other: RunningServer;
  readonly redis: RedisServer;
};

/** What a busy machine adds. */
const slackMs = 3000;

const rules = (redis: RedisServer, store: string) => `
store: { ${store.replace('REDIS', `url: "${redis.url}"`)} }
content_types:
  page: { ttl: 600s, scope: public, cache_control: override }
routes:
  - { match: GET /p/:id, type: page, tags: ["page:{id}"] }
writes:
  - { match: PUT /p/:id, invalidate: ["page:{id}"] }
`;

/** Both in front of an origin whose pages have versions, counted up by PUT. */
async function twoProxies(t: Tap, store = 'lag: 500ms, redis: { REDIS, deadline: 5s }'): Promise<Two> {
  const redis = await redisServer(t);
  const site = await startSite(rules(redis, store), { control: 'on' });
  t.teardown(() => site.close());
  const address = site.origin.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const other = await startProxy(`upstream: http://127.0.0.1:${port}\n${rules(redis, store)}`, {
    control: 'on',
  });
  t.teardown(() => closeProxy(other));
  const versions = new Map<string, number>();
  site.answerWith((request, response) => {
    const path = request.url ?? '';
    const version = versions.get(path) ?? 0;
    if (request.method === 'PUT') versions.set(path, version + 1);
    response.end(String(request.method === 'PUT' ? version + 1 : version));
  });
  return { site, one: site.url, other, redis };
}

/** Both are the same site, whatever port they listen on. */
async function ask(method: string, url: string): Promise<[text: string, status: string]> {
  const sent = request(url, { method, headers: { host: 'www.example.org' } });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const status = String(response.headers['cache-status'] ?? '').replace(/^.*shelflife; /, '');
  return [Buffer.concat(await response.toArray()).toString(), status];
}

const read = (url: string) => ask('GET', url);
const write = async (url: string) => Number((await ask('PUT', url))[0]);
const settled = async ({ redis }: Two) =>
  eventually('it is shared', async () => (await redis.client.keys('shelflife:e*')).length > 0);

t.test('an entry fetched by one instance is used by the other', async (t) => {
  const two = await twoProxies(t);
  t.match((await read(`${two.one}/p/1`))[1], /^fwd=uri-miss/);
  await settled(two);
  t.match((await read(`${two.other.url}/p/1`))[1], /^hit/);
  t.equal(two.site.seen.length, 1);
  t.match((await read(`${two.one}/p/1`))[1], /^hit/);
});

t.test('bounded: a write on one instance reaches the other within lag; strict: at once', async (t) => {
  for (const [store, boundMs] of [
    ['lag: 500ms, redis: { REDIS, deadline: 5s }', 500],
    ['coherence: strict, redis: { REDIS, deadline: 5s }', 0],
  ] as const) {
    const two = await twoProxies(t, store);
    for (let round = 1; round <= 10; round += 1) {
      await read(`${two.one}/p/1`);
      await read(`${two.other.url}/p/1`);
      t.equal(await write(`${two.one}/p/1`), round);
      if (boundMs > 0) {
        const seesIt = async () => (await read(`${two.other.url}/p/1`))[0] === String(round);
        t.ok((await eventually('the other sees it', seesIt)) < boundMs + slackMs);
      }
      t.equal((await read(`${two.one}/p/1`))[0], String(round), store);
      t.equal((await read(`${two.other.url}/p/1`))[0], String(round), store);
    }
  }
});

t.test('500 requests for one cold page through two proxies make at most two fetches', async (t) => {
  const { one, other, site } = await twoProxies(t);
  const all = Array.from({ length: 500 }, (_, at) => read(`${at % 2 === 0 ? one : other.url}/p/cold`));
  for (const [text] of await Promise.all(all)) if (text !== '0') t.fail(text);
  t.ok(site.seen.length <= 2, `${site.seen.length}`);
});

t.test('while Redis comes and goes no request fails, and each writer sees its own writes', async (t) => {
  const two = await twoProxies(t, 'lag: 500ms, redis: { REDIS, deadline: 100ms }');
  const { redis } = two;
  const failures: string[] = [];
  let reads = 0;
  let isOver = false;
  const reader = async (base: string, page: string) => {
    let version = 0;
    while (!isOver) {
      if (reads % 7 === 0) version = await write(`${base}${page}`);
      const tookMs = stopwatch();
      const [text] = await read(`${base}${page}`);
      reads += 1;
      if (Number(text) < version) failures.push(`${page}: ${text} after ${version}`);
      if (tookMs() > 3000) failures.push(`${page} took too long`);
    }
  };
  const readers = [
    reader(two.one, '/p/a'),
    reader(two.one, '/p/b'),
    reader(two.other.url, '/p/c'),
    reader(two.other.url, '/p/d'),
  ];
  const state = async () =>
    ((await (await fetch(`${String(two.other.controlUrl)}/readyz`)).json()) as { redis: string }).redis;
  const faults: (readonly [() => unknown, () => unknown])[] = [
    [() => redis.kill(), () => redis.start()],
    [() => redis.freeze(), () => redis.thaw()],
  ];
  for (const [begin, end] of faults) {
    // Within five seconds on a machine of its own (alone/failure.test.ts); here others run beside it.
    t.ok((await eventually('up', async () => (await state()) === 'up')) < 15_000);
    await begin();
    t.ok((await eventually('down', async () => (await state()) === 'down')) < 2000 + slackMs);
    const before = reads;
    await eventually('work goes on', () => reads > before + 50);
    await end();
  }
  await eventually('up', async () => (await state()) === 'up');
  isOver = true;
  await Promise.all(readers);
  t.strictSame(failures, []);
});
