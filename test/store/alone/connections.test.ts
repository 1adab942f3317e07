/** store/redis/connection.ts in an instance: connections that no longer answer, or take long to be made. */
import t from 'tap';
import { eventually } from '../../helpers/eventually.ts';
import { faultyLink } from '../../helpers/faulty-link.ts';
import { redisServer } from '../../helpers/redis-server.ts';
import { seconds } from '../../../src/kit/time.ts';
import { keyOf } from '../entry.ts';
import { isUp, openInstance } from '../instance.ts';

const deadlineMs = 100;

t.test('connections that no longer answer are all replaced', async (t) => {
  const redis = await redisServer(t);
  const link = await faultyLink(t, redis.port);
  const one = await openInstance(t, { url: link.url, deadlineMs });
  const other = await openInstance(t, { url: redis.url, deadlineMs });
  one.fill('before');
  await one.store.settled();
  t.equal(await other.ask('before'), '<p>before</p>');
  link.strand();
  await eventually('noticed', () => one.store.status().redis === 'down');
  await isUp(one);
  let count = 0;
  const tookMs = await eventually('what is stored gets there', async () => {
    count += 1;
    one.fill(`after ${count}`);
    await one.store.settled();
    return (await redis.client.exists(one.keys.entry(keyOf(`after ${count}`)))) === 1;
  });
  t.ok(tookMs < 5000, `${tookMs} ms`);
});

t.test('a connection that needs several round trips is not given up when `lag` is short', async (t) => {
  const redis = await redisServer(t);
  const link = await faultyLink(t, redis.port);
  const one = await openInstance(t, { url: link.url, deadlineMs: 500, lag: seconds(0.1) });
  await isUp(one);
  link.mode = 'reset';
  const isClosed = () => one.store.status().breaker === 'closed';
  await eventually('noticed', () => !isClosed());
  // There and back: a handshake takes longer than the log may be silent.
  link.delayMs = 40;
  link.mode = 'slow';
  t.ok((await eventually('taken up again', isClosed)) < 5000);
});
