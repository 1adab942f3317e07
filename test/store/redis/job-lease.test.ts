import t from 'tap';
import { seconds } from '../../../src/kit/time.ts';
import { createJobLease } from '../../../src/store/redis/job-lease.ts';
import { redisKeys } from '../../../src/store/redis/keys.ts';
import { quietClient, redisServer } from '../../helpers/redis-server.ts';

t.test('one of several instances runs a job, until its lease has run out', async (t) => {
  const redis = await redisServer(t);
  const keys = redisKeys('test');
  const clients = [quietClient(redis.port), quietClient(redis.port)];
  t.teardown(() => {
    for (const client of clients) client.disconnect();
  });
  const [one, other] = clients.map((client) => createJobLease({ client, keys, deadlineMs: 5000 }));
  await t.resolveMatch(
    Promise.all([one?.acquire('a', seconds(60)), other?.acquire('a', seconds(60))]).then((got) => got.sort()),
    [false, true],
  );
  t.equal(await other?.acquire('b', seconds(60)), true, 'another job is another lease');
  await clients[0]?.del(keys.job('a'));
  t.equal(await other?.acquire('a', seconds(60)), true);
  t.ok(((await clients[0]?.pttl(keys.job('a'))) ?? 0) > 50_000, 'it ends by itself');
  await redis.kill();
  t.equal(await one?.acquire('a', seconds(60)), true, 'without Redis everybody runs it');
});
