/**
 * store/log/redis-purge-log.ts: a log that is missing, older or another installation's begins a new generation, and no older
 * entry is used.
 */
import t from 'tap';
import { eventually } from '../../helpers/eventually.ts';
import { faultyLink } from '../../helpers/faulty-link.ts';
import { seconds } from '../../../src/kit/time.ts';
import { keyOf } from '../entry.ts';
import { type Instance, isUp } from '../instance.ts';
import { onRedis, tagged } from '../on-redis.ts';

onRedis(t, 'after FLUSHALL no older entry is used, and all agree on the new log', async (t, open, redis) => {
  const [one, other] = [await open(), await open()];
  one.fill('page');
  await one.store.settled();
  t.equal(await other.ask('page'), '<p>page</p>');
  await redis.client.flushall();
  const found =
    ({ purgeLog, store }: Instance, page: string) =>
    () =>
      page === 'gone' && [...store.entries()].every((entry) => purgeLog.verdict(entry).kind === 'purged');
  await eventually('one has noticed', found(one, 'gone'));
  await eventually('the other has noticed', found(other, 'gone'));
  await eventually('they agree', () => one.purgeLog.position().log === other.purgeLog.position().log);
  one.fill('page', { body: Buffer.from('new') });
  await one.store.settled();
  t.equal(await other.ask('page'), 'new');
});

onRedis(t, 'an older copy of the log on the same server is not taken for the log', async (t, open, redis) => {
  const [one, other] = [await open(), await open()];
  one.fill('page', tagged('a'));
  await one.purge('unrelated');
  const copy = await redis.client.dumpBuffer(one.keys.log);
  await one.purge('a');
  await eventually('the other has heard', async () => (await other.ask('page')) === 'miss');
  const generation = one.purgeLog.position().log;
  await redis.client.restore(one.keys.log, 0, copy, 'REPLACE');
  await eventually('noticed', () => one.purgeLog.position().log !== generation);
  const late = await open();
  t.equal(await late.ask('page'), 'miss', 'not even by one that never knew better');
});

onRedis(t, 'a server that restarted with an older copy is another log', async (t, open, redis) => {
  const [one, other] = [await open(), await open()];
  one.fill('page', tagged('a'));
  await one.store.settled();
  await redis.client.save();
  await one.purge('a');
  await redis.kill();
  await redis.start('--dbfilename', 'dump.rdb');
  await Promise.all([isUp(one), isUp(other)]);
  const late = await open();
  t.ok((await redis.client.keys('test:e2:*')).length > 0, 'the old entry is there again');
  for (const [name, instance] of Object.entries({ one, other, late }))
    t.equal(await instance.ask('page'), 'miss', name);
});

onRedis(
  t,
  'nothing from a new connection is used before the log was read over it',
  async (t, open, redis) => {
    const link = await faultyLink(t, redis.port);
    const lag = seconds(30);
    const [one, other] = [await open({ lag }), await open({ lag, url: link.url, deadlineMs: 100 })];
    one.fill('page', tagged('a'));
    await one.store.settled();
    await redis.client.save();
    link.mode = 'blackhole';
    await one.purge('a');
    await redis.kill();
    await redis.start('--dbfilename', 'dump.rdb');
    const generation = other.purgeLog.position().log;
    link.mode = 'reset';
    link.mode = 'pass';
    const found = () => other.entries.get(keyOf('page')).catch(() => []);
    await eventually('the old entry is read', async () => (await found()).length > 0);
    // It has not heard of the purge, and trusts what it knows; the server it now comes to is of before the purge.
    await eventually('the new log is known', async () => {
      const text = await other.ask('page');
      if (text !== 'miss')
        t.fail(`${text}, the log ${generation === other.purgeLog.position().log ? 'not ' : ''}heard`);
      return other.purgeLog.position().log !== generation;
    });
    t.equal(await other.ask('page'), 'miss');
  },
);

onRedis(
  t,
  'a foreign value in the place of the log or its instances counts as a missing log',
  async (t, open, redis) => {
    const [one, other] = [await open(), await open()];
    for (const name of [one.keys.log, one.keys.instances]) {
      one.fill('old', tagged('a'));
      await redis.client.set(name, 'another hand');
      await eventually('a new log', async () => (await one.ask('old')) === 'miss');
      for (const instance of [one, other]) await isUp(instance);
      await one.purge('a');
      one.fill('new', tagged('b'));
      await one.store.settled();
      await eventually('both know it', () => other.purgeLog.position().log === one.purgeLog.position().log);
      t.equal(await other.ask('new'), '<p>new</p>', 'and it is used');
      await other.purge('b');
      await eventually('purges are heard', async () => (await one.ask('new')) === 'miss');
    }
  },
);

onRedis(t, 'a log that lost its instances is another log: nobody is overlooked', async (t, open, redis) => {
  const [one, other] = [await open(), await open()];
  const generation = one.purgeLog.position().log;
  one.fill('page');
  await redis.client.del(one.keys.instances);
  await eventually('noticed', () => other.purgeLog.position().log !== generation);
  t.equal(await one.ask('page'), 'miss');
});

onRedis(
  t,
  'strict: a purge right after FLUSHALL waits for instances that have not noticed',
  async (t, open, redis) => {
    const options = { coherence: 'strict', lag: seconds(0.6) } as const;
    const [one, other] = [await open(options), await open(options)];
    one.fill('page', tagged('a'));
    await one.store.settled();
    t.equal(await other.ask('page'), '<p>page</p>');
    await redis.client.flushall();
    await one.purgeLog.sync();
    await one.purge('a');
    t.strictSame(
      other.store.peek(keyOf('page')).filter((entry) => other.purgeLog.verdict(entry).kind !== 'purged'),
      [],
    );
  },
);
