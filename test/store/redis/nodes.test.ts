/** On a real Redis: the node's own commands, within the limit, and what is no hash is nothing. */
import t from 'tap';
import { nodesOf } from '../../../src/store/redis/nodes.ts';
import { redisServer } from '../../helpers/redis-server.ts';

t.test('a single server is one node', async (t) => {
  const redis = await redisServer(t);
  await redis.client.hset('hash', { a: '1', b: '2' });
  await redis.client.set('text', 'x');
  const [node, ...others] = nodesOf(redis.client, 1000);
  if (node === undefined) throw new Error('there is no node');
  t.equal(others.length, 0);
  t.equal(await node.size(), 2);
  t.match(await node.scan('0', 'h*', 100), ['0', ['hash']]);
  t.strictSame(await node.read('hash'), { a: Buffer.from('1'), b: Buffer.from('2') });
  t.equal(await node.read('text'), undefined);
  await node.drop('hash', ['a']);
  t.strictSame(await redis.client.hkeys('hash'), ['b']);
  await node.drop('hash', undefined);
  t.equal(await node.size(), 1);
});

t.test('a call ends within its limit', async (t) => {
  const redis = await redisServer(t);
  await redis.client.ping();
  redis.freeze();
  t.teardown(() => {
    redis.thaw();
  });
  await t.rejects(async () => nodesOf(redis.client, 50)[0]?.size());
});
