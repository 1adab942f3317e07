/** Several real Redis servers that belong together: a Cluster, and a master with its replica and a Sentinel. */
import type { Test } from 'tap';
import { eventually } from './eventually.ts';
import { freePort, redisServer, type RedisServer } from './redis-server.ts';

const slots = 16_384;
const masters = 3;

/** How each server is started besides; asked for once a server. */
type More = { readonly options?: () => Promise<readonly string[]> };

/** Three masters, each with a third of the slots, then as many replicas of the first as asked for. */
export async function redisCluster(
  t: Test,
  { options = noOptions, replicas = 0 }: More & { readonly replicas?: number } = {},
): Promise<readonly RedisServer[]> {
  const nodes: RedisServer[] = [];
  for (let at = 0; at < masters + replicas; at += 1) {
    const bus = String(await freePort());
    const own = ['--cluster-enabled', 'yes', '--cluster-port', bus, '--cluster-node-timeout', '2000'];
    const node = await redisServer(t, ...own, ...(await options()));
    nodes.push(node);
    if (at > 0) await nodes[0]?.client.call('CLUSTER', 'MEET', '127.0.0.1', node.port, bus);
    if (at >= masters) continue;
    const [first, last] = [Math.floor((at * slots) / masters), Math.floor(((at + 1) * slots) / masters) - 1];
    await node.client.call('CLUSTER', 'ADDSLOTSRANGE', first, last);
  }
  for (const { client } of nodes) {
    await eventually('the cluster stands', async () => stands(await client.cluster('INFO'), nodes));
  }
  const of = await nodes[0]?.client.cluster('MYID');
  for (const { client } of nodes.slice(masters)) {
    await client.call('CLUSTER', 'REPLICATE', of ?? '');
    await eventually('it replicates', async () => isLinked(await client.info('replication')));
  }
  return nodes;
}

const noOptions = (): Promise<readonly string[]> => Promise.resolve([]);
const isLinked = (info: string): boolean => info.includes('master_link_status:up');
const stands = (info: string, nodes: readonly RedisServer[]): boolean =>
  info.includes('cluster_state:ok') && info.includes(`known_nodes:${nodes.length}`);

/** A slot on its way from the node that has had it from the start to another. */
export type MovingSlot = { readonly finish: () => Promise<void> };

/** Begins to move a slot: its keys are at the other node, and who asks the first is told to ask there. */
export async function beginToMoveSlot(nodes: readonly RedisServer[], slot: number): Promise<MovingSlot> {
  const from = nodes[Math.floor((slot * masters) / slots)];
  const to = nodes.find((node) => node !== from);
  if (from === undefined || to === undefined) throw new Error('no such node');
  const [fromId, toId] = [await from.client.cluster('MYID'), await to.client.cluster('MYID')];
  await to.client.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId);
  await from.client.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId);
  const names = (await from.client.call('CLUSTER', 'GETKEYSINSLOT', slot, 1000)) as string[];
  if (names.length > 0) {
    await from.client.call('MIGRATE', '127.0.0.1', to.port, '', 0, 5000, 'KEYS', ...names);
  }
  return {
    finish: async () => {
      for (const node of [to, from]) await node.client.call('CLUSTER', 'SETSLOT', slot, 'NODE', toId);
    },
  };
}

/** The slot of a key. */
export const slotOf = async (nodes: readonly RedisServer[], name: string): Promise<number> =>
  Number(await nodes[0]?.client.call('CLUSTER', 'KEYSLOT', name));

export type Watched = {
  readonly master: RedisServer;
  readonly replica: RedisServer;
  readonly sentinel: RedisServer;
};

/** A master called `main`, a replica, and the Sentinel that watches them; `port` says where it reaches the master. */
export async function watchedRedis(
  t: Test,
  { options = noOptions, port = plainPort }: More & { readonly port?: (server: RedisServer) => number } = {},
): Promise<Watched> {
  const master = await redisServer(t, ...(await options()));
  const of = ['--replicaof', '127.0.0.1', String(port(master))];
  const replica = await redisServer(t, ...of, ...(await options()));
  const sentinel = await redisServer(t, '--sentinel', ...(await options()));
  const call = (...given: (string | number)[]) => sentinel.client.call('SENTINEL', ...given);
  await call('MONITOR', 'main', '127.0.0.1', port(master), 1);
  await call('SET', 'main', 'down-after-milliseconds', 300);
  await call('SET', 'main', 'failover-timeout', 2000);
  return { master, replica, sentinel };
}

const plainPort = ({ port }: RedisServer): number => port;

/** Resolves when the Sentinel could promote the replica. */
export const canFailOver = ({ replica, sentinel }: Watched): Promise<number> =>
  eventually('Sentinel knows the replica', async () => {
    const known = (await sentinel.client.call('SENTINEL', 'REPLICAS', 'main')) as unknown[];
    return known.length === 1 && isLinked(await replica.client.info('replication'));
  });
