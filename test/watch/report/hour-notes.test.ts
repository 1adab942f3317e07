/** Hours in a real Redis: refused ones are written later, evicted ones again, and none is counted twice. */
import t from 'tap';
import { type Clock, epochMs, type EpochMs, seconds } from '../../../src/kit/time.ts';
import { createJobLease } from '../../../src/store/redis/job-lease.ts';
import { openConnection } from '../../../src/store/redis/connection.ts';
import { redisKeys } from '../../../src/store/redis/keys.ts';
import { createSharedNotes } from '../../../src/store/redis/notes.ts';
import { openHourNotes } from '../../../src/watch/report/hour-notes.ts';
import { type Hour, hourMs } from '../../../src/watch/count/rollup.ts';
import { timeBounds } from '../../../src/watch/count/tally.ts';
import { eventually } from '../../helpers/eventually.ts';
import { redisServer, type RedisServer } from '../../helpers/redis-server.ts';

type Tap = Parameters<typeof redisServer>[0];
const keys = redisKeys('test');
const start = epochMs(Math.floor(Date.now() / hourMs) * hourMs);
const times = Array.from({ length: timeBounds.length + 1 }, () => 1);
const hourOf = (ago: number, hits: number): Hour => ({
  hour: epochMs(start - ago * hourMs),
  counts: { hits },
  hitTimes: times,
  missTimes: times,
  reasons: {},
  purges: {},
  types: {},
  peaks: {},
});

/** The wall clock, some time ahead; and an instance with it. */
async function instance(t: Tap, redis: RedisServer) {
  const { url } = redis;
  const client = openConnection({ kind: 'url', url }, { commandTimeoutMs: 1000, onError: () => undefined });
  t.teardown(() => {
    client.disconnect();
  });
  await eventually('connected', () => client.status === 'ready');
  const ahead = { ms: 0 };
  const clock: Clock = {
    now: () => epochMs(Date.now() + ahead.ms),
    monotonicMs: () => performance.now() + ahead.ms,
  };
  const deps = { client, keys, deadlineMs: 5000 };
  const published: string[] = [];
  const folder = {
    claim: () => Promise.resolve(true),
    publish: (name: string) => {
      published.push(name);
      return Promise.resolve();
    },
  };
  const notes = createSharedNotes(deps);
  const archive = openHourNotes({ notes, lease: createJobLease(deps), clock, folder });
  const hitsOfOthers = async (from: EpochMs = epochMs(start - 40 * 24 * hourMs)) =>
    (await archive.others(from, epochMs(start + hourMs))).map(({ hour, counts }) => [
      (start - hour) / hourMs,
      counts['hits'],
    ]);
  return { archive, hitsOfOthers, client, ahead, notes };
}

t.test('a report reads the hours of others, never its own, and no more than it needs', async (t) => {
  const redis = await redisServer(t);
  const [one, two, three] = [await instance(t, redis), await instance(t, redis), await instance(t, redis)];
  await one.archive.save([hourOf(30, 5), hourOf(1, 10)]);
  await one.archive.save([hourOf(30, 5), hourOf(1, 12)]);
  await two.archive.save([hourOf(1, 100)]);
  t.strictSame(await one.hitsOfOthers(), [[1, 100]]);
  t.strictSame(await two.hitsOfOthers(), [
    [30, 5],
    [1, 12],
  ]);
  t.strictSame(await three.hitsOfOthers(), [
    [30, 5],
    [1, 112],
  ]);
  t.strictSame(await three.hitsOfOthers(epochMs(start - 30 * hourMs + 1)), [[1, 112]]);
  const expiry = await redis.client.pttl(keys.notes(`hour1:${(start - 30 * hourMs) / 1000}`));
  const weeks = expiry / (7 * 24 * hourMs);
  t.ok(weeks > 4.7 && weeks < 5.1, `kept for ${weeks} weeks`);
});

t.test('hours that Redis could not store are saved the next time, and only changed ones', async (t) => {
  const redis = await redisServer(t);
  const [one, reader] = [await instance(t, redis), await instance(t, redis)];
  const old = hourOf(2, 1);
  await one.archive.save([old]);
  await redis.kill();
  await t.rejects(one.archive.save([old, hourOf(0, 7)]));
  await t.rejects(one.archive.others(start, epochMs(start + hourMs)));
  await redis.start();
  await eventually('back', () => one.client.status === 'ready' && reader.client.status === 'ready');
  const changed = hourOf(0, 8);
  await one.archive.save([old, changed]);
  t.strictSame(await reader.hitsOfOthers(), [[0, 8]], 'the server has restarted empty');
  await redis.client.flushall();
  await one.archive.save([old, hourOf(0, 9)]);
  t.strictSame(
    await reader.hitsOfOthers(),
    [
      [2, 1],
      [0, 9],
    ],
    'that the older ones are gone as well is seen by the one in progress',
  );
  const writes = async () =>
    Number(/cmdstat_hset:calls=(\d+)/.exec(await redis.client.info('commandstats'))?.[1] ?? 0);
  const before = await writes();
  await one.archive.save([old, hourOf(0, 10)]);
  t.equal((await writes()) - before, 1);
});

t.test('evicted hours are noticed within the hour, and written again', async (t) => {
  const redis = await redisServer(t);
  const [one, reader] = [await instance(t, redis), await instance(t, redis)];
  const hours = [hourOf(5, 1), hourOf(0, 2)];
  await one.archive.save(hours);
  await redis.client.del(keys.notes(`hour1:${(start - 5 * hourMs) / 1000}`));
  await one.archive.save(hours);
  t.strictSame(await reader.hitsOfOthers(), [[0, 2]]);
  one.ahead.ms = hourMs;
  await one.archive.save(hours);
  await eventually('written anew', async () => {
    await one.archive.save(hours);
    return (await reader.hitsOfOthers()).length === 2;
  });
  t.strictSame(await reader.hitsOfOthers(), [
    [5, 1],
    [0, 2],
  ]);
});

t.test('one of several instances publishes; without Redis each, once for each folder', async (t) => {
  const redis = await redisServer(t);
  const [one, two] = [await instance(t, redis), await instance(t, redis)];
  const claims = await Promise.all([one, two].map(({ archive }) => archive.claim('report-week-2026-03-15')));
  t.strictSame(claims.sort(), [false, true]);
  await redis.kill();
  t.strictSame(await Promise.all([one, two].map(({ archive }) => archive.claim('report-week-2026-03-22'))), [
    true,
    true,
  ]);
});

t.test('many instances and hours are summed in bounded time', async (t) => {
  const redis = await redisServer(t);
  const reader = await instance(t, redis);
  const writers = await Promise.all([1, 2, 3].map(() => instance(t, redis)));
  const hours = Array.from({ length: 336 }, (_, ago) => hourOf(335 - ago, 1));
  for (const { archive } of writers) await archive.save(hours);
  const sums = await reader.hitsOfOthers();
  t.equal(sums.length, 336);
  t.ok(sums.every(([, hits]) => hits === 3));
  t.ok(reader.archive.saveEvery <= seconds(60), 'a killed process loses a minute at most');
});
