/**
 * Lists for operators what Redis holds: a walk over the heads of entries, without their bodies.
 *
 * Promises: it ends within the given time and says whether it is complete. It never rejects, and never answers a request.
 */

import type { CacheKey } from '../../policy/key/cache-key.ts';
import { decodeHead, type StampedHead } from './codec.ts';
import type { RedisKeys } from './keys.ts';
import type { Census, CensusLimits, EntryHead } from '../store.ts';

/** Every call ends in bounded time or rejects. */
export type CensusNode = {
  /** One step of SCAN, and the next cursor; `0` at the end. */
  readonly scan: (cursor: string, match: string, count: number) => Promise<[cursor: string, names: string[]]>;
  readonly heads: (name: string) => Promise<readonly Buffer[]>;
};

export type CensusOptions = {
  readonly nodes: readonly CensusNode[];
  readonly keys: RedisKeys;
  readonly nowMs: () => number;
  readonly retime: (head: StampedHead) => EntryHead;
};

/** A larger hash is not ours. */
const mostVariants = 64;
const step = 200;

/** Returns the heads of a hash's values (store/codec.ts) without the bodies: variant, head, variant, head, … */
export const headsScript = `
local heads = {}
for at, variant in ipairs(redis.call('HKEYS', KEYS[1])) do
  if at > ${mostVariants} then break end
  local value = redis.call('HGET', KEYS[1], variant)
  if value and #value >= 16 then
    local a, b, c, d = string.byte(value, 9, 12)
    heads[#heads + 1] = variant
    heads[#heads + 1] = string.sub(value, 1, 16 + ((a * 256 + b) * 256 + c) * 256 + d)
  end
end
return heads`;

type TakeCensus = (limits: CensusLimits) => Promise<Census>;

/** One census at a time, each within its own limit: it walks over all of Redis, and is asked for by the hundred. */
export function inTurn(take: TakeCensus, nowMs: () => number): TakeCensus {
  let last: Promise<void> = Promise.resolve();
  return ({ isWanted, mostMs }) => {
    const untilMs = nowMs() + mostMs;
    const own = last.then(() => {
      const leftMs = untilMs - nowMs();
      return leftMs > 0 ? take({ isWanted, mostMs: leftMs }) : { found: [], isWhole: false };
    });
    last = own.then(() => undefined);
    return own;
  };
}

/** Walks over all nodes. */
export async function takeCensus(
  { nodes, keys, nowMs, retime }: CensusOptions,
  { isWanted, mostMs }: CensusLimits,
): Promise<Census> {
  const untilMs = nowMs() + mostMs;
  // By variant name: SCAN may return a key twice.
  const found = new Map<string, EntryHead>();
  let isWhole = true;
  for (const node of nodes) {
    try {
      const walked = walk(node, { keys, retime, isWanted, hasTime: () => nowMs() < untilMs });
      for await (const head of walked) found.set(`${head.key} ${head.variant}`, head);
    } catch {
      // Out of time, or this node failed; the others may answer.
      isWhole = false;
    }
  }
  return { found: [...found.values()], isWhole };
}

type Walk = Pick<CensusLimits, 'isWanted'> &
  Pick<CensusOptions, 'keys' | 'retime'> & {
    readonly hasTime: () => boolean;
  };

/** Throws when the node fails or the time is up. */
async function* walk(node: CensusNode, { keys, isWanted, hasTime, retime }: Walk): AsyncGenerator<EntryHead> {
  let cursor = '0';
  do {
    if (!hasTime()) throw new Error('no time left');
    const [next, names] = await node.scan(cursor, keys.entryPattern, step);
    const heads = await Promise.all(names.map((name) => headsOf(node, keys.keyOf(name), name)));
    yield* heads.flat().map(retime).filter(isWanted);
    cursor = next;
  } while (cursor !== '0');
}

async function headsOf(node: CensusNode, key: CacheKey | undefined, name: string): Promise<StampedHead[]> {
  // Another layout, for instances of its version.
  if (key === undefined) return [];
  const flat = await node.heads(name).catch(() => []);
  const heads: StampedHead[] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const head = decodeHead(flat[at + 1] ?? Buffer.alloc(0), key);
    if (head !== undefined && head.variant === flat[at]?.toString()) heads.push(head);
  }
  return heads;
}
