/**
 * What Redis holds, told to operators: a walk over the heads of entries, bodies left where they are.
 *
 * Promises: it ends within the time given and says whether it came to the end; no command of it scans without bound; it
 * never rejects; what it tells may be a moment old, and is never used to answer a request.
 */

import type { CacheKey } from '../../policy/key/cache-key.ts';
import { decodeHead, type StampedHead } from './codec.ts';
import type { RedisKeys } from './keys.ts';
import type { Census, CensusLimits, EntryHead } from '../store.ts';

/** What a census needs of one Redis node. Every call ends in bounded time, or rejects. */
export type CensusNode = {
  /** One step of SCAN over names that match, and the cursor to go on from; `0` at the end. */
  readonly scan: (cursor: string, match: string, count: number) => Promise<[cursor: string, names: string[]]>;
  /** The heads of one hash, as `headsScript` gives them. */
  readonly heads: (name: string) => Promise<readonly Buffer[]>;
};

export type CensusOptions = {
  readonly nodes: readonly CensusNode[];
  readonly keys: RedisKeys;
  readonly nowMs: () => number;
  /** An entry's times by the clock of this process. */
  readonly retime: (head: StampedHead) => EntryHead;
};

/** More than this of one hash are not ours. */
const mostVariants = 64;
const step = 200;

/** The heads of a hash's values (store/codec.ts), without reading the bodies into the answer: variant, then head, in turn. */
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

/**
 * One census at a time, those who wait for their turn within their own limit. Each is a walk over all of Redis, which
 * requests wait for as well, and purges that meet nothing at hand may come by the hundred.
 */
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
  // A variant by its name: SCAN may give a key twice.
  const found = new Map<string, EntryHead>();
  let isWhole = true;
  for (const node of nodes) {
    try {
      const walked = walk(node, { keys, retime, isWanted, hasTime: () => nowMs() < untilMs });
      for await (const head of walked) found.set(`${head.key} ${head.variant}`, head);
    } catch {
      // Out of time, or a node that cannot say; the others may.
      isWhole = false;
    }
  }
  return { found: [...found.values()], isWhole };
}

type Walk = Pick<CensusLimits, 'isWanted'> &
  Pick<CensusOptions, 'keys' | 'retime'> & {
    readonly hasTime: () => boolean;
  };

/** The wanted heads of one node. Throws when the node fails, or there is no more time. */
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
  // Of another layout: for the instances of its version.
  if (key === undefined) return [];
  const flat = await node.heads(name).catch(() => []);
  const heads: StampedHead[] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const head = decodeHead(flat[at + 1] ?? Buffer.alloc(0), key);
    if (head !== undefined && head.variant === flat[at]?.toString()) heads.push(head);
  }
  return heads;
}
