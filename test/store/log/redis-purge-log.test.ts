/** store/log/redis-purge-log.ts on a real Redis: one ordered log that several instances read. */
import t from 'tap';
import { eventually } from '../../helpers/eventually.ts';
import { seconds } from '../../../src/kit/time.ts';
import { toTag } from '../../../src/policy/rules/tags.ts';
import { tagsOf } from '../entry.ts';
import { isUp, purgeOf } from '../instance.ts';
import { onRedis, tagged } from '../on-redis.ts';

onRedis(t, 'a purge ends on every instance what was filled before it, and nothing else', async (t, open) => {
  const [one, other] = [await open(), await open()];
  one.fill('a', tagged('a'));
  one.fill('b', tagged('b'));
  await one.store.settled();
  t.equal(await other.ask('a'), '<p>a</p>');
  const receipt = await one.purge('a');
  t.equal(await one.ask('a'), 'miss', 'at once where it was asked for');
  await eventually('the other has heard', async () => (await other.ask('a')) === 'miss');
  t.equal(await other.ask('b'), '<p>b</p>');
  t.equal(receipt.instances.known, 2);
  one.fill('a', tagged('a'));
  t.equal(await one.ask('a'), '<p>a</p>', 'what is filled after the purge is current');
});

onRedis(t, 'prefixes, everything and soft purges mean the same on the other instance', async (t, open) => {
  const [one, other] = [await open(), await open()];
  const page = one.fill('page');
  await one.store.settled();
  await other.ask('page');
  await one.purgeLog.append(purgeOf([], { prefixes: [{ host: 'example.org', start: '/pa' }], soft: true }));
  await eventually('soft', () => other.purgeLog.verdict(page).kind === 'stale');
  t.equal(one.purgeLog.verdict(page).kind, 'stale');
  await one.purgeLog.append(purgeOf([], { everything: true, cause: 'api' }));
  t.strictSame(other.purgeLog.verdict(page), { kind: 'purged', cause: 'api' });
});

onRedis(
  t,
  'a late write to Redis that began before a purge on another instance is never used',
  async (t, open) => {
    const [one, other] = [await open(), await open()];
    const asOf = one.purgeLog.position();
    await other.purge('a');
    one.fill('page', { asOf, ...tagged('a') });
    await one.store.settled();
    t.equal(await other.ask('page'), 'miss');
    await eventually('also where it was written', async () => (await one.ask('page')) === 'miss');
  },
);

onRedis(t, 'a purge of very many tags ends what it names and nothing else', async (t, open) => {
  const [one, other] = [await open(), await open()];
  one.fill('kept', tagged('kept'));
  one.fill('gone', tagged('t119999'));
  await one.store.settled();
  const names = Array.from({ length: 120_000 }, (_, at) => `t${at}`);
  await one.purgeLog.append(purgeOf(tagsOf(...names), { cause: 'api' }));
  for (const instance of [one, other]) {
    await eventually('it has heard', async () => (await instance.ask('gone')) === 'miss');
    t.equal(await instance.ask('kept'), '<p>kept</p>');
  }
});

onRedis(t, 'an instance that starts later reads what happened before', async (t, open) => {
  const one = await open();
  const old = one.fill('old', tagged('t7'));
  const kept = one.fill('kept', tagged('other'));
  await one.store.settled();
  for (let at = 0; at < 1200; at += 100) {
    const some = Array.from({ length: 100 }, (_, more) => one.purge(`t${at + more}`));
    await Promise.all(some);
  }
  const late = await open();
  await isUp(late);
  t.equal(await late.ask('old'), 'miss');
  t.equal(await late.ask('kept'), '<p>kept</p>');
  t.strictSame(late.purgeLog.position(), one.purgeLog.position());
  t.equal(late.purgeLog.verdict(old).kind, 'purged');
  t.equal(late.purgeLog.verdict(kept).kind, 'current');
});

onRedis(t, 'strict: when an append resolves, no instance has the entry any more', async (t, open) => {
  const [one, other] = [await open({ coherence: 'strict' }), await open({ coherence: 'strict' })];
  for (let round = 0; round < 30; round += 1) {
    one.fill('page', { ...tagged('a'), variant: `${round}` });
    await one.store.settled();
    await other.ask('page');
    const { instances } = await one.purge('a');
    t.equal(await other.ask('page'), 'miss');
    t.strictSame(instances, { known: 2, acknowledged: 2 });
  }
});

onRedis(
  t,
  'strict: an append waits for an instance that stopped reading until its lease expires',
  async (t, open, redis) => {
    const one = await open({ coherence: 'strict', lag: seconds(0.4) });
    const untilMs = Date.now() + 300;
    await redis.client.hset(one.keys.instances, 'gone', `0 ${untilMs}`);
    await one.purgeLog.sync();
    const { instances } = await one.purge('a');
    t.ok(Date.now() >= untilMs - 50);
    t.strictSame(instances, { known: 1, acknowledged: 1 });
  },
);

onRedis(t, 'an instance that closes is waited for no longer', async (t, open, redis) => {
  const [one, other] = [await open({ lag: seconds(5) }), await open({ lag: seconds(5) })];
  await other.close();
  t.equal((await redis.client.hkeys(one.keys.instances)).filter((id) => id !== '').length, 1);
});

onRedis(t, 'a purge over the control API is acknowledged by all, also when bounded', async (t, open) => {
  const [one] = [await open(), await open(), await open()];
  const receipt = await one.purgeLog.append(purgeOf(tagsOf('a'), { cause: 'api' }));
  t.strictSame(receipt, { instances: { known: 3, acknowledged: 3 } });
});

onRedis(t, 'a record nobody can read counts as a purge of everything', async (t, open, redis) => {
  const [one, other] = [await open(), await open()];
  one.fill('page');
  await one.store.settled();
  t.equal(await other.ask('page'), '<p>page</p>');
  const [newest] = await redis.client.xrevrange(one.keys.log, '+', '-', 'COUNT', 1);
  const fields = newest?.[1] ?? [];
  const seq = one.purgeLog.position().seq + 1;
  await redis.client.xadd(one.keys.log, `${seq}-0`, ...fields.with(1, 'nonce').with(9, '{"v":2,"t":["a"]}'));
  await eventually('gone', async () => (await other.ask('page')) === 'miss');
});

onRedis(
  t,
  'old records are trimmed, and entries from before the oldest are not current',
  async (t, open, redis) => {
    const one = await open({ keepSeconds: 0.3 });
    const before = one.fill('before', tagged('kept'));
    await one.store.settled();
    for (let at = 0; at < 5; at += 1) await one.purge(`t${at}`);
    await eventually('trimmed', async () => {
      await one.purge('more');
      const [oldest] = await redis.client.xrange(one.keys.log, '-', '+', 'COUNT', 1);
      return Number(oldest?.[0].split('-')[0]) > before.asOf.seq + 1;
    });
    t.ok((await redis.client.xlen(one.keys.log)) < 100);
    const late = await open();
    t.equal(await late.ask('before'), 'miss', 'it cannot know what it missed');
    t.equal(await one.ask('before'), '<p>before</p>', 'this one has read it all');
  },
);

onRedis(t, 'a purge of a tag costs one record however many entries have it', async (t, open, redis) => {
  const one = await open();
  for (let at = 0; at < 200; at += 1) one.fill(`p${at}`, tagged('all'));
  await one.store.settled();
  const length = await redis.client.xlen(one.keys.log);
  await one.purge('all');
  t.equal(await redis.client.xlen(one.keys.log), length + 1);
});

onRedis(
  t,
  'an unconfirmed purge holds for entries filled before it, not after it',
  async (t, open, redis) => {
    const one = await open({ lag: seconds(5), deadlineMs: 100 });
    const before = one.fill('before', tagged('a'));
    redis.freeze();
    const purged = one.purge('a');
    const after = one.fill('after', tagged('a'));
    t.equal(one.purgeLog.verdict(before).kind, 'purged');
    t.equal(one.purgeLog.verdict(after).kind, 'current');
    t.strictSame(await purged, { instances: { known: 1, acknowledged: 1 } });
    t.equal(one.purgeLog.verdict(before).kind, 'purged');
    redis.thaw();
  },
);

onRedis(t, 'more purges than can wait become one of everything', async (t, open, redis) => {
  const [one, other] = [await open({ lag: seconds(2), deadlineMs: 100 }), await open({ lag: seconds(2) })];
  other.fill('page');
  redis.freeze();
  for (let at = 0; at < 1500; at += 1) void one.purge(`t${at}`);
  const after = one.fill('after', tagged('t3'));
  t.equal(one.purgeLog.verdict(after).kind, 'current');
  void one.purgeLog.append(purgeOf([toTag('t3')]));
  t.equal(one.purgeLog.verdict(after).kind, 'purged');
  redis.thaw();
  await eventually('the other has heard', async () => (await other.ask('page')) === 'miss');
  t.ok((await redis.client.xlen(one.keys.log)) < 1400);
});
