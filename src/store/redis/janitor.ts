/**
 * Removes useless entries from Redis: those that were purged, cannot be read, or are past their use.
 *
 * Promises: a run looks at a bounded number of keys, a few at a time, and the next run continues there. What it sees also
 * gives an estimate of the total size.
 */

import type { EpochMs } from '../../kit/time.ts';
import type { CacheKey } from '../../policy/key/cache-key.ts';
import { decodeEntry } from './codec.ts';
import type { PurgeLog } from '../purge-log.ts';
import type { RedisKeys } from './keys.ts';
import { usefulUntil } from './entries.ts';
import { maxVariants } from '../store.ts';

/** Every call ends in bounded time or rejects. */
export type RedisNode = {
  /** One step of SCAN, and the next cursor; `0` at the end. */
  readonly scan: (cursor: string, match: string, count: number) => Promise<[cursor: string, names: string[]]>;
  readonly read: (name: string) => Promise<Readonly<Record<string, Buffer>> | undefined>;
  readonly drop: (name: string, variants?: readonly string[]) => Promise<unknown>;
  readonly size: () => Promise<number>;
};

type JanitorOptions = {
  readonly nodes: () => readonly RedisNode[];
  readonly keys: RedisKeys;
  readonly log: Pick<PurgeLog, 'verdict'>;
  readonly maxBytes: number;
};

/** The result of a run. `dropped` counts variants; bytes are those of values, without Redis's overhead. */
export type JanitorRound = {
  readonly scanned: number;
  readonly kept: number;
  readonly dropped: { readonly purged: number; readonly unreadable: number; readonly useless: number };
  readonly failures: number;
  readonly bytes: number;
  readonly isOverMax: boolean;
};

const empty = {
  /** All names seen, not only those of entries. */
  looked: 0,
  scanned: 0,
  kept: 0,
  keptBytes: 0,
  purged: 0,
  unreadable: 0,
  useless: 0,
  failures: 0,
};
type Tally = typeof empty;
type Fate = 'kept' | 'purged' | 'unreadable' | 'useless';

const step = 100;

/** The janitor of one prefix. */
export class Janitor {
  readonly #options: JanitorOptions;
  readonly #cursors = new Map<number, string>();

  constructor(options: JanitorOptions) {
    this.#options = options;
  }

  /** Looks at about `most` keys. Never rejects: a failing node is left for the next run. */
  async run(most: number, now: EpochMs): Promise<JanitorRound> {
    const tally: Tally = { ...empty };
    const nodes = this.#options.nodes();
    let total = 0;
    for (const [place, node] of nodes.entries()) {
      try {
        total += await node.size();
        await this.#sweep(node, place, { most: Math.ceil(most / nodes.length), now, tally });
      } catch {
        tally.failures += 1;
      }
    }
    const { looked, scanned, kept, keptBytes, purged, unreadable, useless, failures } = tally;
    // The sample is of all keys, not only of entries: counters, sessions and notes are keys too.
    const bytes = looked === 0 ? 0 : Math.round((keptBytes / looked) * Math.max(total, looked));
    const dropped = { purged, unreadable, useless };
    return { scanned, kept, dropped, failures, bytes, isOverMax: bytes > this.#options.maxBytes };
  }

  async #sweep(
    node: RedisNode,
    place: number,
    { most, now, tally }: { most: number; now: EpochMs; tally: Tally },
  ): Promise<void> {
    let cursor = this.#cursors.get(place) ?? '0';
    // A run goes on into the next round, because the last few keys of a round are not a sample.
    let endsWithRound = cursor === '0';
    // SCAN may return few names per step, so the steps are bounded too.
    for (let looked = 0; looked < most; looked += step) {
      const [next, names] = await node.scan(cursor, '*', step);
      tally.looked += names.length;
      for (const name of names) await this.#tend(node, name, { now, tally });
      cursor = next;
      this.#cursors.set(place, cursor);
      if (cursor !== '0') continue;
      if (endsWithRound) return;
      endsWithRound = true;
    }
  }

  async #tend(node: RedisNode, name: string, { now, tally }: { now: EpochMs; tally: Tally }): Promise<void> {
    const key = this.#options.keys.keyOf(name);
    // Not an entry, or another version's: its own instances look after it, and it has an expiry.
    if (key === undefined) return;
    tally.scanned += 1;
    const found = await node.read(name);
    if (found === undefined) {
      tally.unreadable += 1;
      await node.drop(name);
      return;
    }
    const gone: string[] = [];
    for (const [variant, bytes] of Object.entries(found).slice(0, maxVariants * 2)) {
      const fate = this.#fate(key, { variant, bytes, now });
      tally[fate] += 1;
      if (fate === 'kept') tally.keptBytes += name.length + variant.length + bytes.length;
      else gone.push(variant);
    }
    if (gone.length > 0) await node.drop(name, gone);
  }

  #fate(key: CacheKey, { variant, bytes, now }: { variant: string; bytes: Buffer; now: EpochMs }): Fate {
    const decoded = decodeEntry(bytes, key);
    if (decoded.kind === 'unreadable' || decoded.entry.variant !== variant) return 'unreadable';
    if (this.#options.log.verdict(decoded.entry).kind === 'purged') return 'purged';
    return usefulUntil(decoded.entry) > now ? 'kept' : 'useless';
  }
}
