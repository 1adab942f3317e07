/** Several Redis servers as one: a Cluster whose slots move, and a master that Sentinels replace. */
import t from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { beginToMoveSlot, canFailOver, redisCluster, slotOf, watchedRedis } from '../helpers/redis-groups.ts';
import type { RedisServer } from '../helpers/redis-server.ts';
import { keyOf, tagsOf } from './entry.ts';
import { type Instance, isUp, openInstance } from './instance.ts';

type Tap = Parameters<typeof openInstance>[0];

const clusterOf = (nodes: readonly RedisServer[]) =>
  ({ kind: 'cluster', nodes: nodes.map(({ port }) => ({ host: '127.0.0.1', port })) }) as const;

/** Moves the slot of a key, with all its keys, to another node. */
async function moveSlotOf(nodes: readonly RedisServer[], name: string): Promise<void> {
  const moving = await beginToMoveSlot(nodes, await slotOf(nodes, name));
  await moving.finish();
}

async function worksTogether(t: Tap, one: Instance, other: Instance, tag: string): Promise<void> {
  for (let at = 0; at < 30; at += 1) one.fill(`${tag}${at}`, { tags: tagsOf(tag) });
  await one.store.settled();
  for (let at = 0; at < 30; at += 1) t.equal(await other.ask(`${tag}${at}`), `<p>${tag}${at}</p>`);
  await one.purge(tag);
  await eventually('the other has heard', async () => (await other.ask(`${tag}0`)) === 'miss');
  for (let at = 0; at < 30; at += 1) t.equal(await other.ask(`${tag}${at}`), 'miss');
}

t.test('a Cluster: entries on all nodes, one log; slots may move', async (t) => {
  const nodes = await redisCluster(t);
  const open = () => openInstance(t, { server: clusterOf(nodes) });
  const [one, other] = [await open(), await open()];
  await isUp(one);
  await isUp(other);
  await worksTogether(t, one, other, 'a');
  for (const { client } of nodes) t.ok((await client.dbsize()) > 0, 'every node has some');

  const entry = one.fill('moved');
  await one.store.settled();
  await moveSlotOf(nodes, one.keys.entry(keyOf('moved')));
  t.strictSame(await other.entries.get(entry.key), [entry], 'an entry is found where it went');
  await worksTogether(t, one, other, 'b');

  await moveSlotOf(nodes, one.keys.log);
  await eventually("the log's new server is taken up", () => one.purgeLog.verdict(entry).kind === 'purged');
  await eventually('by both', () => other.purgeLog.position().log === one.purgeLog.position().log);
  await worksTogether(t, one, other, 'c');
});

t.test('Sentinel: after a failover no older entry is used, and work goes on', async (t) => {
  const watched = await watchedRedis(t);
  const { master, replica, sentinel } = watched;
  const sentinels = [{ host: '127.0.0.1', port: sentinel.port }];
  const open = () =>
    openInstance(t, { server: { kind: 'sentinels', sentinels, name: 'main' }, deadlineMs: 1000 });
  const [one, other] = [await open(), await open()];
  await Promise.all([isUp(one), isUp(other)]);
  await canFailOver(watched);
  await worksTogether(t, one, other, 'a');
  const entry = one.fill('page');
  await one.store.settled();
  await master.kill();
  await eventually('the replica is promoted', async () =>
    /role:master/.test(await replica.client.info('replication')),
  );
  await eventually('the new master is taken up', () => one.purgeLog.verdict(entry).kind === 'purged');
  await eventually('by both', () => other.purgeLog.position().log === one.purgeLog.position().log);
  t.equal(await other.ask('page'), 'miss');
  await eventually('entries are shared again', async () => {
    one.fill('again');
    await one.store.settled();
    return (await other.ask('again')) !== 'miss';
  });
  await worksTogether(t, one, other, 'b');
});
