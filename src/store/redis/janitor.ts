/**
 * Keeps Redis free of what nobody will use: entries that were purged, that cannot be read, or whose use is over.
 *
 * Promises: one run looks at a bounded number of keys, a few at a time, and goes on where the last one ended; it needs no
 * command that scans without bound; what it cannot do now it leaves. What it sees also tells about how much there is.
 */

import type { EpochMs } from '../../kit/time.ts';
import type { CacheKey } from '../../policy/key/cache-key.ts';
import { decodeEntry } from './codec.ts';
import type { PurgeLog } from '../purge-log.ts';
import type { RedisKeys } from './keys.ts';
import { usefulUntil } from './entries.ts';
import { maxVariants } from '../store.ts';

/** What the janitor needs of one Redis node. Every call ends in bounded time, or rejects. */
export type RedisNode = {
  /** One step of SCAN over names that match, and the cursor to go on from; `0` at the end. */
  readonly scan: (cursor: string, match: string, count: number) => Promise<[cursor: string, names: string[]]>;
  /** The variants of one hash; `undefined` for what is none. */
  readonly read: (name: string) => Promise<Readonly<Record<string, Buffer>> | undefined>;
  /** Drops variants; without any, whatever it is. */
  readonly drop: (name: string, variants?: readonly string[]) => Promise<unknown>;
  /** How many keys the node has. */
  readonly size: () => Promise<number>;
};

export type JanitorOptions = {
  /** The nodes there are now: one, or the masters of a Cluster. */
  readonly nodes: () => readonly RedisNode[];
  readonly keys: RedisKeys;
  readonly log: Pick<PurgeLog, 'verdict'>;
  readonly maxBytes: number;
};

/** What a run found. `dropped` are variants; bytes are of values, without what Redis adds. */
export type JanitorReport = {
  readonly scanned: number;
  readonly kept: number;
  readonly dropped: { readonly purged: number; readonly unreadable: number; readonly useless: number };
  /** Nodes that could not be asked to the end. */
  readonly failures: number;
  /** Estimated from what was seen, for all keys there are. */
  readonly bytes: number;
  readonly isOverMax: boolean;
};

type Tally = {
  /** Names seen, of whatever there is beside entries as well. */
  looked: number;
  scanned: number;
  kept: number;
  keptBytes: number;
  purged: number;
  unreadable: number;
  useless: number;
  failures: number;
};
type Fate = 'kept' | 'purged' | 'unreadable' | 'useless';

const step = 100;

/** The janitor of one prefix. */
export class Janitor {
  readonly #options: JanitorOptions;
  /** Where to go on, by the node's place. */
  readonly #cursors = new Map<number, string>();

  constructor(options: JanitorOptions) {
    this.#options = options;
  }

  /** Looks at about `most` keys. Never rejects: a node in trouble is left for the next run. */
  async run(most: number, now: EpochMs): Promise<JanitorReport> {
    const tally = {
      looked: 0,
      scanned: 0,
      kept: 0,
      keptBytes: 0,
      purged: 0,
      unreadable: 0,
      useless: 0,
      failures: 0,
    };
    const nodes = this.#options.nodes();
    let total = 0;
    for (const [place, node] of nodes.entries()) {
      try {
        total += await node.size();
        await this.#sweep(node, place, { most: Math.ceil(most / nodes.length), now, tally });
      } catch {
        // The rest of this node is looked at next time.
        tally.failures += 1;
      }
    }
    const { looked, scanned, kept, keptBytes, purged, unreadable, useless, failures } = tally;
    // What was seen is a sample of all keys, not of entries: counters, sessions and notes are keys as well.
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
    // A run that begins within a round goes on into the next one: a round's last few keys tell nothing of all.
    let endsWithRound = cursor === '0';
    // SCAN may give few names a step: the steps are bounded as well.
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
    // No entry, or another version's: its own instances tend it, and it has an expiry.
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
