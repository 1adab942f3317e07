/** On a real Redis: commands of one turn leave together, and none waits for the next turn. */
import t from 'tap';
import { Redis } from 'ioredis';
import { GatheredWrites } from '../../../src/store/redis/gathered-writes.ts';
import { redisServer } from '../../helpers/redis-server.ts';

t.test('what is held in a turn is sent at its end', async (t) => {
  const { client } = await redisServer(t);
  await client.ping();
  const writes = new GatheredWrites(client);
  const { stream } = client;
  writes.hold();
  writes.hold();
  t.equal(stream.writableCorked, 1, 'held once');
  const both = Promise.all([client.set('a', '1'), client.get('a')]);
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(stream.writableCorked, 0);
  t.strictSame(await both, ['OK', '1']);
  writes.hold();
  t.equal(stream.writableCorked, 1, 'and the next turn again');
  t.equal(await client.get('a'), '1');
});

t.test('before there is a connection nothing is held', async (t) => {
  const client = new Redis({ lazyConnect: true });
  new GatheredWrites(client).hold();
  t.equal(client.status, 'wait');
  client.disconnect();
});
