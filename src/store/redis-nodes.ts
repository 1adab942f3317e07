/**
 * The nodes behind a connection, one by one: SCAN and DBSIZE speak of a node, not of a Cluster.
 */

import { Redis } from 'ioredis';
import type { RedisNode } from './janitor.ts';
import { type RedisClient, within } from './redis-connection.ts';

/** The nodes that hold keys now. Each call ends within `limitMs`, or rejects. */
export function nodesOf(client: RedisClient, limitMs: number): readonly RedisNode[] {
  const nodes = client instanceof Redis ? [client] : client.nodes('master');
  return nodes.map((node) => ({
    scan: (cursor, match, count) => within(limitMs, node.scan(cursor, 'MATCH', match, 'COUNT', count)),
    read: (name) => within(limitMs, node.hgetallBuffer(name)),
    drop: (name, variants) => within(limitMs, node.hdel(name, ...variants)),
    size: () => within(limitMs, node.dbsize()),
  }));
}
