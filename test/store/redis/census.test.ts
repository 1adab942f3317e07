/** store/census.ts on a real Redis: what operators see of entries that are not in memory. */
import t from 'tap';
import { seconds } from '../../../src/kit/time.ts';
import { type CensusOptions, inTurn, takeCensus } from '../../../src/store/redis/census.ts';
import { encodeEntry } from '../../../src/store/redis/codec.ts';
import { nodesOf } from '../../../src/store/redis/nodes.ts';
import { redisServer } from '../../helpers/redis-server.ts';
import { stopwatch } from '../../helpers/stopwatch.ts';
import { keyOf, tagsOf } from '../entry.ts';
import { filledBut, openInstance } from '../instance.ts';

const all = { isWanted: () => true, mostMs: 5000 };

const asWritten: CensusOptions['retime'] = (head) => head;

t.test('on one Redis', async (t) => {
  const redis = await redisServer(t);
  t.beforeEach(() => redis.client.flushall());

  await t.test('lists the heads and sizes of other instances’ entries, not those in memory', async (t) => {
    const [one, other] = [
      await openInstance(t, { url: redis.url }),
      await openInstance(t, { url: redis.url }),
    ];
    const shared = other.fill('shared', { body: Buffer.alloc(70_000, 'x'), tags: tagsOf('wanted') });
    other.fill('shared', { variant: 'second', tags: tagsOf('wanted') });
    other.fill('unwanted');
    await other.store.settled();
    one.fill('own', { tags: tagsOf('wanted') });
    await one.store.settled();
    const [wanted] = tagsOf('wanted');
    const { found, isWhole } = await one.store.census({
      ...all,
      isWanted: ({ tags }) => wanted !== undefined && tags.includes(wanted),
    });
    t.equal(isWhole, true);
    t.strictSame(found.map(({ variant }) => variant).sort(), ['only', 'second']);
    const { body, ...head } = shared;
    t.strictSame(
      found.find(({ variant }) => variant === 'only'),
      { ...head, bodyBytes: body.length },
    );
  });

  await t.test('values that are not our entries are not listed, and hide nothing', async (t) => {
    const one = await openInstance(t, { url: redis.url });
    const entry = filledBut({ asOf: one.purgeLog.position() }, 'page');
    const bytes = encodeEntry(entry);
    const otherLayout = Buffer.from(bytes);
    otherLayout.writeUInt8(9, 2);
    const longHead = Buffer.from(bytes);
    longHead.writeUInt32BE(0xffff_ffff, 8);
    await redis.client.hset(one.keys.entry(keyOf('page')), 'only', bytes, 'elsewhere', bytes);
    await redis.client.hset(one.keys.entry(keyOf('swapped')), 'only', bytes);
    const odd = ['', 'sl', bytes.subarray(0, 40), otherLayout, longHead];
    for (const [at, value] of odd.entries()) {
      await redis.client.hset(one.keys.entry(keyOf(`odd${at}`)), 'only', value);
    }
    await redis.client.set(one.keys.entry(keyOf('string')), 'no hash');
    await redis.client.set('test:e0:{x}', 'another layout');
    const { found } = await one.store.census(all);
    t.strictSame(
      found.map(({ key, variant }) => [key, variant]),
      [[keyOf('page'), 'only']],
    );
  });

  await t.test('it ends in time, and says that it is not complete', async (t) => {
    const one = await openInstance(t, { url: redis.url });
    for (let at = 0; at < 1200; at += 1) one.fill(`p${at}`);
    await one.store.settled();
    let nowMs = 0;
    // Each look at the clock is a hundred milliseconds later.
    const retime = asWritten;
    const nodes = nodesOf(one.upkeep, 1000);
    const parts = { nodes, keys: one.keys, retime, nowMs: () => (nowMs += 100) };
    const cut = await takeCensus(parts, { ...all, mostMs: 250 });
    t.equal(cut.isWhole, false);
    t.ok(cut.found.length > 0 && cut.found.length < 1200, `${cut.found.length}`);
    const whole = await takeCensus(parts, { ...all, mostMs: 100_000 });
    t.strictSame([whole.isWhole, whole.found.length], [true, 1200]);
  });

  await t.test('a hundred at once run one after the other, and none waits beyond its limit', async (t) => {
    const other = await openInstance(t, { url: redis.url });
    for (let index = 0; index < 300; index += 1) other.fill(`page${index}`);
    await other.store.settled();
    const nowMs = (): number => performance.now();
    const nodes = nodesOf(redis.client, 500);
    let [under, most] = [0, 0];
    const census = inTurn(async (limits) => {
      most = Math.max(most, (under += 1));
      const taken = await takeCensus({ nodes, keys: other.keys, nowMs, retime: asWritten }, limits);
      under -= 1;
      return taken;
    }, nowMs);
    const tookMs = stopwatch();
    const taken = await Promise.all(Array.from({ length: 100 }, () => census({ ...all, mostMs: 100 })));
    t.equal(most, 1);
    t.ok(tookMs() < 1000);
    t.match(taken[0], { isWhole: true });
    t.ok(taken.every(({ isWhole, found }) => found.length === 300 || !isWhole));
    t.match(await census(all), { isWhole: true }, 'and there is room again');
  });

  await t.test('while Redis is away it says that it does not know', async (t) => {
    const one = await openInstance(t, { url: redis.url, lag: seconds(0.2), deadlineMs: 100 });
    redis.freeze();
    t.teardown(() => {
      redis.thaw();
    });
    t.strictSame(await one.store.census({ ...all, mostMs: 100 }), { found: [], isWhole: false });
  });
});
