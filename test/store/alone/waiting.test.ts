/** All that one request waits for Redis has one bound, whatever it waits for (DESIGN §3.9). */
import t from 'tap';
import { FaultyLink } from '../../helpers/faulty-link.ts';
import { redisServer } from '../../helpers/redis-server.ts';
import { stopwatch } from '../../helpers/stopwatch.ts';
import { seconds } from '../../../src/kit/time.ts';
import { keyOf } from '../entry.ts';
import { isUp, openInstance } from '../instance.ts';

const deadlineMs = 400;
/** What a busy machine may add. */
const slackMs = 200;

t.test('a request that has waited elsewhere waits for a lookup only for its remaining time', async (t) => {
  const redis = await redisServer(t);
  const one = await openInstance(t, { url: redis.url, deadlineMs, lag: seconds(30) });
  await isUp(one);
  redis.freeze();
  t.teardown(() => {
    redis.thaw();
  });
  const tookMs = stopwatch();
  await one.store.get(keyOf('page'), performance.now() - 350);
  t.ok(tookMs() < 50 + slackMs, 'fifty milliseconds are left');
  const againMs = stopwatch();
  await one.store.get(keyOf('page'), performance.now() - deadlineMs);
  t.ok(againMs() < slackMs, 'nothing is left');
});

t.test('reading the log and lookup share one deadline', async (t) => {
  const redis = await redisServer(t);
  const link = new FaultyLink(redis.port);
  await link.open();
  t.teardown(() => link.close());
  // A quarter of a second each way: the log answers in time, and the lookup behind it would be too late.
  link.delayMs = 125;
  const one = await openInstance(t, { url: link.url, deadlineMs, lag: seconds(0.15) });
  await isUp(one);
  link.mode = 'slow';
  const waits: number[] = [];
  for (let at = 0; at < 8; at += 1) {
    const tookMs = stopwatch();
    await one.store.get(keyOf(`page${at}`), performance.now());
    waits.push(tookMs());
  }
  t.ok(Math.max(...waits) < deadlineMs + slackMs, waits.map(Math.round).join(' '));
});

t.test('lookup and lease share one deadline', async (t) => {
  const redis = await redisServer(t);
  const link = new FaultyLink(redis.port);
  await link.open();
  t.teardown(() => link.close());
  // Three hundred milliseconds there and back: nothing is late by itself, and no two of them fit.
  link.delayMs = 300;
  const one = await openInstance(t, { url: link.url, deadlineMs, lag: seconds(30), fillLock: true });
  await isUp(one);
  link.mode = 'slow';
  const waits: number[] = [];
  for (let at = 0; at < 4; at += 1) {
    const tookMs = stopwatch();
    await one.store.get(keyOf(`page${at}`), performance.now());
    waits.push(tookMs());
  }
  t.ok(Math.max(...waits) < deadlineMs + slackMs, waits.map(Math.round).join(' '));
});

t.test('a caller that only looks takes no lease', async (t) => {
  const redis = await redisServer(t);
  const one = await openInstance(t, { url: redis.url, fillLock: true });
  await isUp(one);
  await one.store.get(keyOf('page'));
  t.equal(await redis.client.exists(one.keys.fill(keyOf('page'))), 0);
  await one.store.get(keyOf('page'), performance.now());
  t.equal(await redis.client.exists(one.keys.fill(keyOf('page'))), 1);
});
