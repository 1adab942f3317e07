/** All variants of one key, as the memory tier keeps them (memory.ts). */

import type { CacheKey } from '../policy/key/cache-key.ts';
import { type PackedEntry, unpackEntry } from './packed-entry.ts';
import type { Entry } from './store.ts';

/** One variant. */
export type Stored = {
  readonly variant: string;
  packed: PackedEntry;
  bytes: number;
  uses: number;
  /** Counted in uses of the store. */
  lastUse: number;
};

/** The variants, last stored first. `applied`: which lifetimes they have. */
export type Slot = {
  readonly key: CacheKey;
  readonly partition: string;
  stored: readonly Stored[];
  bytes: number;
  isProtected: boolean;
  applied: number;
  /** See hot-views.ts. */
  view: readonly Entry[] | undefined;
  turn: number;
  /** Its neighbours in its segment. */
  older: Slot | undefined;
  newer: Slot | undefined;
};

/** The slot of a key that has no variants yet. */
export const emptySlot = (key: CacheKey, partition: string, applied: number): Slot => ({
  key,
  partition,
  stored: none,
  bytes: 0,
  isProtected: false,
  applied,
  view: undefined,
  turn: 0,
  older: undefined,
  newer: undefined,
});

/** No variants. */
export const none: readonly [] = [];

/** The variants as entries. */
export const unpackAll = ({ key, stored }: Slot): readonly Entry[] =>
  stored.map(({ packed }) => unpackEntry(key, packed));

/** Without the least recently used variant; the order of storing is kept (RFC 9111 §4.1). */
export function withoutIdlest(variants: readonly Stored[]): readonly Stored[] {
  const idlest = variants.reduce((least, one) => (one.lastUse <= least.lastUse ? one : least));
  return variants.filter((one) => one !== idlest);
}
