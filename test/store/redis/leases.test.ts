/** store/redis/leases.ts on a real Redis: one instance fetches, the others wait, none for ever. */
import t from 'tap';
import { eventually } from '../../helpers/eventually.ts';
import { redisServer, type RedisServer } from '../../helpers/redis-server.ts';
import { systemClock } from '../../../src/kit/time.ts';
import { FillLeases, type Turn } from '../../../src/store/redis/leases.ts';
import { redisKeys } from '../../../src/store/redis/keys.ts';
import { keyOf } from '../entry.ts';

const keys = redisKeys('test');
const key = keyOf('page');

type More = Partial<ConstructorParameters<typeof FillLeases>[0]>;

const leasesOf = ({ client }: RedisServer, instance: string, more: More = {}) =>
  new FillLeases({ client, keys, instance, clock: systemClock, deadlineMs: 200, leaseMs: 2000, ...more });

t.test('one instance fetches; the others look again when it has ended', async (t) => {
  const redis = await redisServer(t);
  const [one, other] = [leasesOf(redis, 'one'), leasesOf(redis, 'other')];
  t.equal(await one.turn(key), 'taken');
  t.equal(await one.turn(key), 'fetch', 'its own requests share its own fetch');
  const waits = [other.turn(key), other.turn(key)];
  await eventually('it asks', async () => /cmdstat_get:/.test(await redis.client.info('commandstats')));
  one.release(key);
  t.strictSame(await Promise.all(waits), ['look-again', 'look-again']);
  t.equal(await other.turn(key), 'taken', 'the lease is free');
});

t.test('a dead leader is replaced when its lease expires', async (t) => {
  const redis = await redisServer(t);
  const [one, other] = [leasesOf(redis, 'one', { leaseMs: 300 }), leasesOf(redis, 'other', { leaseMs: 300 })];
  await one.turn(key);
  t.equal(await other.turn(key), 'look-again');
  t.equal(await other.turn(key), 'taken');
  one.release(key);
  t.equal(await redis.client.get(keys.fill(key)), 'other', "another's lease is not released");
});

t.test('a leader whose lease ended without a result does not lead again for a while', async (t) => {
  const redis = await redisServer(t);
  const one = leasesOf(redis, 'one', { leaseMs: 100 });
  await one.turn(key);
  await eventually('its lease is out', async () => (await redis.client.exists(keys.fill(key))) === 0);
  t.equal(await one.turn(key), 'fetch');
  t.equal(await redis.client.exists(keys.fill(key)), 0, 'without a lease');
});

t.test('a lease is renewed while its fetch runs, and no longer', async (t) => {
  const redis = await redisServer(t);
  let isFetching = false;
  const one = leasesOf(redis, 'one', { leaseMs: 600, isFetching: () => isFetching });
  const other = leasesOf(redis, 'other', { leaseMs: 600 });
  const startedMs = performance.now();
  t.equal(await one.turn(key), 'taken');
  isFetching = true;
  let waits: Turn | undefined;
  void other.turn(key).then((turn) => (waits = turn));
  await eventually('three lifetimes have passed', () => performance.now() - startedMs > 1800);
  t.equal(waits, undefined, 'the other waits');
  t.equal(await one.turn(key), 'fetch', 'its own requests share its own fetch');
  isFetching = false;
  t.ok((await eventually('the lease is out', () => waits === 'look-again')) < 1500);
  t.equal(await other.turn(key), 'taken');
});

t.test('no request waits longer than the maximum, whatever is in flight', async (t) => {
  const redis = await redisServer(t);
  let isFetching = false;
  const own = { leaseMs: 600, longestMs: 1200, isFetching: () => isFetching };
  const [one, other] = [leasesOf(redis, 'one', own), leasesOf(redis, 'other')];
  await one.turn(key);
  isFetching = true;
  const late = leasesOf(redis, 'late', { longestMs: 100 });
  t.equal(await late.turn(key), 'fetch', 'it goes itself');
  t.equal(await other.turn(key), 'look-again', 'the lease is renewed no longer');
});

t.test('a lost lease is not renewed, and neither is a released one', async (t) => {
  const redis = await redisServer(t);
  let isFetching = false;
  const one = leasesOf(redis, 'one', { leaseMs: 600, isFetching: () => isFetching });
  t.equal(await one.turn(key), 'taken');
  isFetching = true;
  await redis.client.set(keys.fill(key), 'other', 'PX', 900);
  await eventually("the other's is out", async () => (await redis.client.exists(keys.fill(key))) === 0);
  const second = keyOf('second');
  isFetching = false;
  t.equal(await one.turn(second), 'taken');
  isFetching = true;
  one.release(second);
  await eventually('it is free', async () => (await redis.client.exists(keys.fill(second))) === 0);
});

t.test('without Redis every instance fetches, within the deadline', async (t) => {
  const redis = await redisServer(t);
  const [one, other] = [leasesOf(redis, 'one'), leasesOf(redis, 'other')];
  await one.turn(key);
  redis.freeze();
  t.equal(await other.turn(key), 'fetch');
  one.release(key);
});

t.test('a lease that Redis grants too late is held for the running fetch, or released', async (t) => {
  const redis = await redisServer(t);
  let isFetching = false;
  const one = leasesOf(redis, 'one', { leaseMs: 60_000, isFetching: (name) => isFetching && name === key });
  const isTaken = async (name: typeof key) => (await redis.client.exists(keys.fill(name))) === 1;
  const other = keyOf('other');
  redis.freeze();
  t.strictSame(await Promise.all([one.turn(key), one.turn(other)]), ['fetch', 'fetch']);
  isFetching = true;
  redis.thaw();
  await eventually('what nobody fetches any more is free', async () => {
    const { length } = await redis.client.keys(keys.fill('*' as typeof key));
    return (await isTaken(key)) && length === 1;
  });
  one.release(key);
  await eventually('the other is free when its fetch has ended', async () => !(await isTaken(key)));
});
