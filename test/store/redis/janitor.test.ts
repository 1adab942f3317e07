/** store/janitor.ts on a real Redis: what is removed, what stays, and the estimated size. */
import t from 'tap';
import { epochMs, seconds } from '../../../src/kit/time.ts';
import { Janitor, type RedisNode } from '../../../src/store/redis/janitor.ts';
import { nodesOf } from '../../../src/store/redis/nodes.ts';
import { redisServer } from '../../helpers/redis-server.ts';
import { keyOf, tagsOf } from '../entry.ts';
import { filledBut, type Instance, openInstance } from '../instance.ts';

const now = () => epochMs(Date.now());
const janitorOf = ({ keys, purgeLog, upkeep }: Instance, maxBytes = 1_000_000) =>
  new Janitor({ nodes: () => nodesOf(upkeep, 1000), keys, log: purgeLog, maxBytes });

t.test('on one Redis', async (t) => {
  const redis = await redisServer(t);
  t.beforeEach(() => redis.client.flushall());

  await t.test('drops purged, unreadable and outdated entries; keeps the rest', async (t) => {
    const one = await openInstance(t, { url: redis.url });
    const { policy } = filledBut({}, 'x');
    const over = one.fill('over', { fields: [], policy: { ...policy, lifetime: seconds(3) } });
    one.fill('purged', { tags: tagsOf('p') });
    one.fill('broken');
    one.fill('two', { variant: 'keep' });
    one.fill('two', { variant: 'purged', tags: tagsOf('p') });
    await one.store.settled();
    await one.purge('p');
    await redis.client.hset(one.keys.entry(keyOf('broken')), 'only', 'nonsense');
    await redis.client.set('test:e0:{old}', 'another version');
    await redis.client.set('elsewhere:e1:{x}', 'another prefix');
    const report = await janitorOf(one).run(1000, epochMs(over.responseTime + 5000));
    t.match(report, { kept: 1, dropped: { purged: 2, unreadable: 1, useless: 1 }, failures: 0 });
    const left = (await redis.client.keys('*')).filter((name) => !name.includes('{log}')).sort();
    t.strictSame(left, ['elsewhere:e1:{x}', 'test:e0:{old}', one.keys.entry(keyOf('two'))].sort());
    t.strictSame(await redis.client.hkeys(one.keys.entry(keyOf('two'))), ['keep']);
  });

  await t.test('a run is bounded, and the next one continues where it ended', async (t) => {
    const one = await openInstance(t, { url: redis.url });
    for (let at = 0; at < 1500; at += 1) one.fill(`p${at}`, { tags: tagsOf('p') });
    await one.store.settled();
    await one.purge('p');
    const janitor = janitorOf(one);
    const first = await janitor.run(300, now());
    t.ok(first.dropped.purged > 0 && first.dropped.purged < 600, `${first.dropped.purged}`);
    for (let round = 0; round < 9; round += 1) await janitor.run(300, now());
    const left = (await redis.client.keys('test:e*')).length;
    t.ok(left < 150, `${left} left`);
  });

  await t.test('estimates the total size, and reports when it is too large', async (t) => {
    const one = await openInstance(t, { url: redis.url });
    for (let at = 0; at < 300; at += 1) one.fill(`p${at}`, { body: Buffer.alloc(10_000) });
    await one.store.settled();
    const report = await janitorOf(one).run(200, now());
    t.ok(report.bytes > 2_700_000 && report.bytes < 4_000_000, `${report.bytes}`);
    t.equal(report.isOverMax, true);
    t.equal((await janitorOf(one, 10_000_000).run(200, now())).isOverMax, false);
  });

  await t.test('the estimate is not misled by other keys, nor by the last few of a round', async (t) => {
    const one = await openInstance(t, { url: redis.url });
    for (let at = 0; at < 220; at += 1) one.fill(`p${at}`, { body: Buffer.alloc(10_000) });
    await one.store.settled();
    for (let at = 0; at < 400; at += 1) await redis.client.set(`test:learned:{${at}}`, '1');
    const janitor = janitorOf(one, 5_000_000);
    for (let round = 0; round < 8; round += 1) {
      const { bytes } = await janitor.run(200, now());
      t.ok(bytes > 1_100_000 && bytes < 4_400_000, `${bytes} of about 2 200 000`);
    }
    const { bytes } = await janitorOf(one, 5_000_000).run(10_000, now());
    t.ok(bytes > 2_200_000 && bytes < 2_450_000, `${bytes}, having seen all`);
  });
});

t.test('a failing node is counted and does no harm', async (t) => {
  const redis = await redisServer(t);
  const one = await openInstance(t, { url: redis.url });
  const broken: RedisNode = {
    scan: () => Promise.reject(new Error('gone')),
    read: () => Promise.reject(new Error('gone')),
    drop: () => Promise.reject(new Error('gone')),
    size: () => Promise.resolve(5),
  };
  const janitor = new Janitor({ nodes: () => [broken], keys: one.keys, log: one.purgeLog, maxBytes: 1 });
  t.match(await janitor.run(100, now()), { scanned: 0, failures: 1, bytes: 0, isOverMax: false });
});
