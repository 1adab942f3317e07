/** store/fill-lease.ts on a real Redis: one fetches, the others wait, nobody for ever. */
import t from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { redisServer, type RedisServer } from '../helpers/redis-server.ts';
import { systemClock } from '../../src/kit/time.ts';
import { FillLeases } from '../../src/store/fill-lease.ts';
import { redisKeys } from '../../src/store/redis-keys.ts';
import { keyOf } from './entry.ts';

const keys = redisKeys('test');
const key = keyOf('page');

const leasesOf = (redis: RedisServer, instance: string, leaseMs = 2000) =>
  new FillLeases({ client: redis.client, keys, instance, clock: systemClock, deadlineMs: 200, leaseMs });

t.test('one fetches; the others look again when it has ended', async (t) => {
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

t.test('a leader that is gone is replaced when its lease is out', async (t) => {
  const redis = await redisServer(t);
  const [one, other] = [leasesOf(redis, 'one', 300), leasesOf(redis, 'other', 300)];
  await one.turn(key);
  t.equal(await other.turn(key), 'look-again');
  t.equal(await other.turn(key), 'taken');
  one.release(key);
  t.equal(await redis.client.get(keys.fill(key)), 'other', "another's lease is not released");
});

t.test('who led to the end with nothing to show leads no more for a while', async (t) => {
  const redis = await redisServer(t);
  const one = leasesOf(redis, 'one', 100);
  await one.turn(key);
  await eventually('its lease is out', async () => (await redis.client.exists(keys.fill(key))) === 0);
  t.equal(await one.turn(key), 'fetch');
  t.equal(await redis.client.exists(keys.fill(key)), 0, 'without a lease');
});

t.test('without Redis everybody fetches, within the deadline', async (t) => {
  const redis = await redisServer(t);
  const [one, other] = [leasesOf(redis, 'one'), leasesOf(redis, 'other')];
  await one.turn(key);
  redis.freeze();
  t.equal(await other.turn(key), 'fetch');
  one.release(key);
});
