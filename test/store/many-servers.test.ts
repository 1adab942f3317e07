/** Several Redis servers as one: a Cluster whose slots move, and a master that Sentinels replace. */
import t from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { freePort, redisServer, type RedisServer } from '../helpers/redis-server.ts';
import { keyOf, tagsOf } from './entry.ts';
import { type Instance, isUp, openInstance } from './instance.ts';

type Tap = Parameters<typeof openInstance>[0];

const slots = 16_384;

/** Three masters, each with a third of the slots. */
async function cluster(t: Tap): Promise<readonly RedisServer[]> {
  const nodes: RedisServer[] = [];
  for (let at = 0; at < 3; at += 1) {
    const bus = String(await freePort());
    const options = ['--cluster-enabled', 'yes', '--cluster-port', bus, '--cluster-node-timeout', '2000'];
    const node = await redisServer(t, ...options);
    nodes.push(node);
    const [first, last] = [Math.floor((at * slots) / 3), Math.floor(((at + 1) * slots) / 3) - 1];
    await node.client.call('CLUSTER', 'ADDSLOTSRANGE', first, last);
    if (at > 0) await nodes[0]?.client.call('CLUSTER', 'MEET', '127.0.0.1', node.port, bus);
  }
  for (const { client } of nodes) {
    await eventually(
      'the cluster stands',
      async () => /cluster_state:ok[^]*known_nodes:3/.test(await client.cluster('INFO')),
      15_000,
    );
  }
  return nodes;
}

const clusterOf = (nodes: readonly RedisServer[]) =>
  ({ kind: 'cluster', nodes: nodes.map(({ port }) => ({ host: '127.0.0.1', port })) }) as const;

/** Moves a slot with all its keys from the node that has it to another. */
async function moveSlot(nodes: readonly RedisServer[], slot: number): Promise<void> {
  const from = nodes[Math.floor((slot * 3) / slots)];
  const to = nodes.find((node) => node !== from);
  if (from === undefined || to === undefined) throw new Error('no such node');
  const [fromId, toId] = [await from.client.cluster('MYID'), await to.client.cluster('MYID')];
  await to.client.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId);
  await from.client.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId);
  const names = (await from.client.call('CLUSTER', 'GETKEYSINSLOT', slot, 1000)) as string[];
  if (names.length > 0) {
    await from.client.call('MIGRATE', '127.0.0.1', to.port, '', 0, 5000, 'KEYS', ...names);
  }
  for (const node of [to, from]) await node.client.call('CLUSTER', 'SETSLOT', slot, 'NODE', toId);
}

const slotOf = async (node: RedisServer | undefined, name: string): Promise<number> =>
  Number(await node?.client.call('CLUSTER', 'KEYSLOT', name));

async function worksTogether(t: Tap, one: Instance, other: Instance, tag: string): Promise<void> {
  for (let at = 0; at < 30; at += 1) one.fill(`${tag}${at}`, { tags: tagsOf(tag) });
  await one.store.settled();
  for (let at = 0; at < 30; at += 1) t.equal(await other.ask(`${tag}${at}`), `<p>${tag}${at}</p>`);
  await one.purge(tag);
  await eventually('the other has heard', async () => (await other.ask(`${tag}0`)) === 'miss', 1000);
  for (let at = 0; at < 30; at += 1) t.equal(await other.ask(`${tag}${at}`), 'miss');
}

t.test('a Cluster: entries on all nodes, one log; slots may move', async (t) => {
  const nodes = await cluster(t);
  const open = () => openInstance(t, { server: clusterOf(nodes), deadlineMs: 1000 });
  const [one, other] = [await open(), await open()];
  await isUp(one);
  await isUp(other);
  await worksTogether(t, one, other, 'a');
  for (const { client } of nodes) t.ok((await client.dbsize()) > 0, 'every node has some');

  const entry = one.fill('moved');
  await one.store.settled();
  await moveSlot(nodes, await slotOf(nodes[0], one.keys.entry(keyOf('moved'))));
  t.strictSame(await other.entries.get(entry.key), [entry], 'an entry is found where it went');
  await worksTogether(t, one, other, 'b');

  await moveSlot(nodes, await slotOf(nodes[0], one.keys.log));
  await eventually("the log's new server is taken up", () => one.purgeLog.verdict(entry).kind === 'purged');
  await eventually('by both', () => other.purgeLog.position().log === one.purgeLog.position().log);
  await worksTogether(t, one, other, 'c');
});

t.test('Sentinel: after a failover nothing from before is used, and work goes on', async (t) => {
  const master = await redisServer(t);
  const replica = await redisServer(t, '--replicaof', '127.0.0.1', String(master.port));
  const sentinel = await redisServer(t, '--sentinel');
  const call = (...given: (string | number)[]) => sentinel.client.call('SENTINEL', ...given);
  await call('MONITOR', 'main', '127.0.0.1', master.port, 1);
  for (const [name, value] of [
    ['down-after-milliseconds', 300],
    ['failover-timeout', 2000],
  ] as const) {
    await call('SET', 'main', name, value);
  }
  const sentinels = [{ host: '127.0.0.1', port: sentinel.port }];
  const open = () =>
    openInstance(t, { server: { kind: 'sentinels', sentinels, name: 'main' }, deadlineMs: 1000 });
  const [one, other] = [await open(), await open()];
  await Promise.all([isUp(one), isUp(other)]);
  await eventually(
    'Sentinel knows the replica',
    async () => {
      const known = (await call('REPLICAS', 'main')) as unknown[];
      return known.length === 1 && /master_link_status:up/.test(await replica.client.info('replication'));
    },
    15_000,
  );
  await worksTogether(t, one, other, 'a');
  const entry = one.fill('page');
  await one.store.settled();
  await master.kill();
  await eventually(
    'the replica is promoted',
    async () => /role:master/.test(await replica.client.info('replication')),
    15_000,
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
