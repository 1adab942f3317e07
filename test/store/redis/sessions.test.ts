/** Learned session cookies that instances share: what is looked up, how often, and what happens without Redis. */
import t from 'tap';
import { seconds } from '../../../src/kit/time.ts';
import { eventually } from '../../helpers/eventually.ts';
import { redisServer, type RedisServer } from '../../helpers/redis-server.ts';
import { stopwatch } from '../../helpers/stopwatch.ts';
import { isUp, openInstance } from '../instance.ts';

/** How many GET commands the server has seen. */
async function questions({ client }: RedisServer): Promise<number> {
  return Number(/cmdstat_get:calls=(\d+)/.exec(await client.info('commandstats'))?.[1] ?? 0);
}

t.test('a cookie learned by one instance is known to the other once it has asked', async (t) => {
  const { url } = await redisServer(t);
  const [{ learned: one }, { learned: other }] = [
    await openInstance(t, { url }),
    await openInstance(t, { url }),
  ];
  one.trust('cookie', seconds(60));
  await one.settled();
  t.equal(other.isTrusted('cookie'), false);
  t.equal(other.elsewhere.mayKnow('cookie'), true);
  await other.elsewhere.ask('cookie');
  t.equal(other.isTrusted('cookie'), true);
  await other.elsewhere.ask('another');
  t.equal(other.isTrusted('another'), false);
});

t.test(
  'many requests about one cookie ask once; a "no" is remembered until the cookie is learned here',
  async (t) => {
    const redis = await redisServer(t);
    const { learned } = await openInstance(t, redis);
    const before = await questions(redis);
    await Promise.all(Array.from({ length: 100 }, () => learned.elsewhere.ask('forged')));
    t.equal((await questions(redis)) - before, 1);
    t.equal(learned.elsewhere.mayKnow('forged'), false);
    t.equal(learned.elsewhere.mayKnow('fresh'), true);
    learned.trust('forged', seconds(60));
    t.equal(learned.isTrusted('forged'), true);
    await eventually('a no does not last', () => learned.elsewhere.mayKnow('forged'));
  },
);

t.test('no request waits longer than the deadline, and then none asks until Redis is back', async (t) => {
  const redis = await redisServer(t);
  const instance = await openInstance(t, { url: redis.url, deadlineMs: 100 });
  const { learned } = instance;
  await isUp(instance);
  redis.freeze();
  const tookMs = stopwatch();
  await learned.elsewhere.ask('cookie');
  t.ok(tookMs() < 400);
  t.equal(learned.isTrusted('cookie'), false);
  t.equal(learned.elsewhere.mayKnow('other'), false);
  redis.thaw();
  await isUp(instance);
  t.equal(learned.elsewhere.mayKnow('other'), true);
});
