/** A write to Redis that arrives after another instance's purge is never used. */
import t from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { faultyLink } from '../helpers/faulty-link.ts';
import { redisServer } from '../helpers/redis-server.ts';
import { seconds } from '../../src/kit/time.ts';
import { keyOf, tagsOf } from './entry.ts';
import { openInstance } from './instance.ts';

for (const coherence of ['bounded', 'strict'] as const) {
  t.test(`${coherence}: a late write to Redis does not undo a purge by another instance`, async (t) => {
    const redis = await redisServer(t);
    const link = await faultyLink(t, redis.port);
    const common = { coherence, deadlineMs: 3000, lag: seconds(1) };
    const [one, slow] = [
      await openInstance(t, { url: redis.url, ...common }),
      await openInstance(t, { url: link.url, ...common }),
    ];
    link.delayMs = 300;
    link.mode = 'hold';
    const tags = tagsOf('a');
    const name = one.keys.entry(keyOf('page'));
    const older = slow.fill('page', { tags, body: Buffer.from('older') });
    const { seq } = one.purgeLog.position();
    const purging = one.purge('a');
    await eventually('it is in the log', () => one.purgeLog.place > seq);
    t.equal(await redis.client.exists(name), 0, 'the purge came first');
    link.mode = 'slow';
    await purging;
    if (coherence === 'strict')
      t.equal(await slow.ask('page'), 'miss', 'strict: heard before it was answered');
    await slow.store.settled();
    t.equal(await redis.client.hlen(name), 1, 'the write came after it');
    await eventually('it has heard, too', () => slow.purgeLog.place > seq);
    const third = await openInstance(t, { url: redis.url, ...common });
    for (const instance of [one, slow, third]) t.equal(await instance.ask('page'), 'miss');
    t.equal(slow.purgeLog.verdict(older).kind, 'purged');
  });
}

t.test('a late write over a newer entry costs a fetch, and is never used', async (t) => {
  const redis = await redisServer(t);
  const link = await faultyLink(t, redis.port);
  const common = { deadlineMs: 3000, lag: seconds(1) };
  const [one, slow] = [
    await openInstance(t, { url: redis.url, ...common }),
    await openInstance(t, { url: link.url, ...common }),
  ];
  link.delayMs = 300;
  link.mode = 'slow';
  const tags = tagsOf('a');
  slow.fill('page', { tags, body: Buffer.from('older') });
  await one.purge('a');
  one.fill('page', { tags, body: Buffer.from('newer') });
  await Promise.all([one.store.settled(), slow.store.settled()]);
  t.equal(await one.ask('page'), 'newer');
  const third = await openInstance(t, { url: redis.url, ...common });
  await eventually('it has heard', () => slow.purgeLog.place === one.purgeLog.place);
  for (const instance of [slow, third]) t.not(await instance.ask('page'), 'older');
});

t.test('an entry waiting to be written when another instance purges it is not found', async (t) => {
  const redis = await redisServer(t);
  const link = await faultyLink(t, redis.port);
  const common = { deadlineMs: 300, lag: seconds(0.4) };
  const [one, cutOff] = [
    await openInstance(t, { url: redis.url, ...common }),
    await openInstance(t, { url: link.url, ...common }),
  ];
  link.mode = 'blackhole';
  for (let at = 0; at < 40; at += 1) cutOff.fill(`page${at}`, { tags: tagsOf('a') });
  await one.purge('a');
  link.mode = 'reset';
  link.mode = 'pass';
  await eventually('it has heard', () => cutOff.purgeLog.place === one.purgeLog.place);
  t.equal(await cutOff.ask('page0'), 'miss');
  await cutOff.store.settled();
  const third = await openInstance(t, { url: redis.url, ...common });
  for (let at = 0; at < 40; at += 1) {
    for (const instance of [one, cutOff, third]) {
      const got = await instance.ask(`page${at}`);
      if (got !== 'miss') t.fail(`page${at}: ${got}`);
    }
  }
});
