/** One of two instances is killed in the middle of its work: no partial result is ever visible, and the other goes on. */
import { hash } from 'node:crypto';
import t from 'tap';
import type { CacheKey } from '../../../src/policy/key/cache-key.ts';
import { decodeEntry } from '../../../src/store/redis/codec.ts';
import { redisKeys } from '../../../src/store/redis/keys.ts';
import { eventually } from '../../helpers/eventually.ts';
import { askSite, startOrigin } from '../../helpers/instances.ts';
import { redisServer } from '../../helpers/redis-server.ts';
import { type Serving, startServing } from '../../helpers/serving.ts';

const lagMs = 1000;
/** What a busy machine adds. */
const slackMs = 10_000;
const pageBytes = 600_000;
const pages = 24;

const rules = (upstream: string, redisUrl: string): string => `
upstream: ${upstream}
store: { compress: false, coherence: strict, lag: ${lagMs}ms, redis: { url: "${redisUrl}", deadline: 5s } }
content_types:
  page: { ttl: 600s, scope: public, cache_control: override, tags: ["page:{id}"] }
routes:
  - { match: GET /p/:id, type: page }
writes:
  - { match: "PUT /p/:id", invalidate: ["page:{id}"] }
`;

/** A page that shows when a byte is missing, in length or in what it says at its end. */
function pageOf(path: string, version: number, bytes: number): string {
  const head = `${path} ${version} `;
  return `${head.padEnd(bytes, head)}${hash('sha256', head)}`;
}

/** What a page says it is; `undefined` when it is not whole. */
function versionOf(text: string, path: string): number | undefined {
  const version = Number(text.split(' ', 2)[1]);
  return text === pageOf(path, version, bytesOf(path)) ? version : undefined;
}

const largePath = (at: number): string => `/p/large-${at}`;
const bytesOf = (path: string): number => (path.startsWith('/p/large') ? pageBytes : 100);

const redis = await redisServer(t);
const origin = await startOrigin(t);
const versions = new Map<string, number>();
origin.answerWith(({ method, url = '' }, response) => {
  if (method === 'PUT') versions.set(url, (versions.get(url) ?? 0) + 1);
  response.end(method === 'PUT' ? 'written' : pageOf(url, versions.get(url) ?? 0, bytesOf(url)));
});

/** Starts an instance that uses Redis. */
async function start(): Promise<Serving> {
  const serving = await startServing(t, rules(origin.url, redis.url));
  await eventually('Redis is used', async () => (await serving.state()).redis === 'up');
  return serving;
}

/** Each test kills `one`. */
const [first, other] = await Promise.all([start(), start()]);
let one = first;

t.test('an instance is killed while it stores large pages', async (t) => {
  const { entryPattern, keyOf } = redisKeys('shelflife');
  const stored = () => redis.client.keys(entryPattern);
  const asked = Array.from({ length: pages }, (_, at) =>
    askSite(`${one.site}${largePath(at)}`).catch(() => undefined),
  );
  await eventually('it has begun to store', async () => (await stored()).length > 0);
  await one.end('SIGKILL');
  await Promise.all(asked);
  const names = await stored();
  t.comment(`${names.length} of ${pages} pages were stored`);
  for (const name of names) {
    const key = keyOf(name) ?? ('' as CacheKey);
    for (const bytes of Object.values(await redis.client.hgetallBuffer(name))) {
      t.equal(decodeEntry(bytes, key).kind, 'entry', 'what is in Redis is whole');
    }
    t.ok((await redis.client.pttl(name)) > 0, 'and has an expiry');
  }
  /** One after the other: what waits to be written to Redis is bounded, and all of it is to get there. */
  const wholeFrom = async (url: string): Promise<string[]> => {
    const fates: string[] = [];
    for (let at = 0; at < pages; at += 1) {
      const { status, text, fate } = await askSite(url + largePath(at));
      if (status !== 200 || versionOf(text, largePath(at)) === undefined) t.fail(`page ${at}: ${status}`);
      fates.push(fate);
    }
    return fates;
  };
  await wholeFrom(other.site);
  await eventually('the other stores the rest', async () => (await stored()).length === pages);
  const seen = origin.seen.length;
  one = await start();
  const fates = await wholeFrom(one.site);
  t.ok(
    fates.filter((fate) => fate.startsWith('hit')).length > pages / 2,
    'started again it serves from Redis',
  );
  t.ok(origin.seen.length - seen < pages / 2);
});

t.test('a write at the other instance waits for the killed one no longer than its lease', async (t) => {
  await askSite(`${one.site}/p/1`);
  await askSite(`${other.site}/p/1`);
  await one.end('SIGKILL');
  const first = await askSite(`${other.site}/p/1`, { method: 'PUT' });
  t.equal(first.status, 200);
  t.ok(first.tookMs < lagMs + slackMs, `${first.tookMs} ms`);
  t.equal(versionOf((await askSite(`${other.site}/p/1`)).text, '/p/1'), 1);
  await eventually('its lease is out', async () => {
    return (await askSite(`${other.site}/p/2`, { method: 'PUT' })).tookMs < lagMs / 2;
  });
});

t.test('an instance is killed in the middle of writes: answered writes hold everywhere', async (t) => {
  one = await start();
  const paths = Array.from({ length: 8 }, (_, at) => `/p/written-${at}`);
  for (const path of paths) for (const { site } of [one, other]) await askSite(site + path);
  const acknowledged = new Map<string, number>();
  const writers = paths.map(async (path) => {
    for (let version = 1; ; version += 1) {
      const answer = await askSite(one.site + path, { method: 'PUT' }).catch(() => undefined);
      if (answer?.status !== 200) return;
      acknowledged.set(path, version);
      // Filled again: each write has something to end.
      await askSite(other.site + path);
    }
  });
  await eventually('all have written', () => paths.every((path) => (acknowledged.get(path) ?? 0) > 5));
  await one.end('SIGKILL');
  await Promise.all(writers);
  const again = await start();
  for (const { site } of [other, again]) {
    for (const path of paths) {
      const version = versionOf((await askSite(site + path)).text, path) ?? -1;
      t.ok(version >= (acknowledged.get(path) ?? 0), `${path} ${version}`);
    }
  }
  for (const path of paths) {
    t.equal((await askSite(other.site + path, { method: 'PUT' })).status, 200);
    const [here, there] = await Promise.all([askSite(other.site + path), askSite(again.site + path)]);
    t.equal(here.text, there.text);
    t.ok((versionOf(here.text, path) ?? -1) > (acknowledged.get(path) ?? 0));
  }
});
