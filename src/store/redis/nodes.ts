/** The single nodes behind a connection: SCAN and DBSIZE act on one node, not on a Cluster. */

import { Redis } from 'ioredis';
import { type CensusNode, headsScript } from './census.ts';
import type { RedisNode } from './janitor.ts';
import { type RedisClient, within } from './connection.ts';
import { isOfOtherType } from './entries.ts';

/** The nodes that hold keys now. Each call ends within `limitMs`, or rejects. */
export function nodesOf(client: RedisClient, limitMs: number): readonly (RedisNode & CensusNode)[] {
  const nodes = client instanceof Redis ? [client] : client.nodes('master');
  return nodes.map((node) => ({
    scan: (cursor, match, count) => within(limitMs, node.scan(cursor, 'MATCH', match, 'COUNT', count)),
    heads: async (name) => {
      const heads = await within(limitMs, node.callBuffer('EVAL', headsScript, '1', name));
      return Array.isArray(heads) ? heads.filter((part) => Buffer.isBuffer(part)) : [];
    },
    read: (name) => within(limitMs, node.hgetallBuffer(name)).catch(nothingOfOtherType),
    drop: (name, variants) =>
      within(limitMs, variants === undefined ? node.del(name) : node.hdel(name, ...variants)),
    size: () => within(limitMs, node.dbsize()),
  }));
}

function nothingOfOtherType(error: unknown): undefined {
  if (!isOfOtherType(error)) throw error;
}
