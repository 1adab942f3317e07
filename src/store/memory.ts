/**
 * The in-process tier: bounded by bytes, synchronous. Entries are packed (packed-entry.ts); those that are asked for have a
 * view beside them, which is what `peek` gives.
 *
 * Eviction is segmented LRU: a new key is on probation, and its first hit protects it. A scan of URLs that are
 * requested once evicts only keys on probation. One identity may hold at most a quarter of the memory, so that one
 * visitor cannot evict everybody else's entries (DESIGN §3.10).
 */

import { Recency } from '../kit/recency.ts';
import type { CacheKey } from '../policy/key/cache-key.ts';
import { HotViews } from './hot-views.ts';
import { packEntry, unpackEntry, unpackSubject, viewOf } from './packed-entry.ts';
import { emptySlot, none, type Slot, type Stored, unpackAll, withoutIdlest } from './slot.ts';
import {
  type Entry,
  entryBytes,
  type LifetimeInForce,
  maxVariants,
  type Store,
  type StoredSubject,
  type StoreSize,
} from './store.ts';

export type MemoryStoreOptions = {
  readonly maxBytes: number;
  readonly onEvict?: (key: CacheKey) => void;
  /** What an entry counts as; absent: what it takes. */
  readonly bytesOf?: (entry: Entry) => number;
};

const protectedShare = 0.8;
const partitionShare = 0.25;

/** A view takes two to three kilobytes. */
const mostViews = 20_480;
const bytesForView = 16 * 1024;

/** Partitions that do not belong to one visitor. */
const sharedPartitions: ReadonlySet<string> = new Set(['public', 'anonymous']);

/** A store of at most `maxBytes`. */
export class MemoryStore implements Store {
  readonly hasSlowTier = false;
  readonly isDown = false;
  readonly #maxBytes: number;
  readonly #onEvict: MemoryStoreOptions['onEvict'];
  readonly #bytesOf: (entry: Entry) => number;
  readonly #slots = new Map<CacheKey, Slot>();
  readonly #views: HotViews<readonly Entry[], Slot>;
  readonly #probation = new Recency<Slot>();
  readonly #protected = new Recency<Slot>();
  readonly #partitions = new Map<string, { bytes: number; readonly slots: Set<Slot> }>();
  #uses = 0;
  #bytes = 0;
  #protectedBytes = 0;
  #entries = 0;
  #inForce: LifetimeInForce = (entry) => entry;
  #applied = 0;

  constructor({ maxBytes, onEvict, bytesOf = entryBytes }: MemoryStoreOptions) {
    this.#bytesOf = bytesOf;
    this.#maxBytes = maxBytes;
    this.#onEvict = onEvict;
    this.#views = new HotViews(Math.min(mostViews, maxBytes / bytesForView), unpackAll);
  }

  peek(key: CacheKey): readonly Entry[] {
    const slot = this.#slot(key);
    return slot === undefined ? none : this.#views.of(slot);
  }

  get(key: CacheKey): Promise<readonly Entry[]> {
    return Promise.resolve(this.peek(key));
  }

  put(entry: Entry, smaller?: Promise<Entry | undefined>): void {
    const stored = this.#put(this.#inForce(entry));
    const take = (other: Entry | undefined): void => {
      const slot = this.#slots.get(entry.key);
      // Only if the original is still there: a purge or a newer response may have replaced it.
      if (other !== undefined && stored !== undefined && slot?.stored.includes(stored) === true)
        this.#repack(slot, stored, this.#inForce(other));
    };
    // Compression failed: the entry stays as it is.
    smaller?.then(take, () => undefined);
  }

  /** Puts an entry that a request waits for: it is looked at next, and need not be unpacked for that. */
  bring(given: Entry): void {
    const entry = this.#inForce(given);
    const stored = this.#put(entry);
    const slot = this.#slots.get(entry.key);
    if (stored !== undefined && slot?.stored.length === 1)
      this.#views.keep(slot, [viewOf(entry, stored.packed)]);
  }

  #put(entry: Entry): Stored | undefined {
    const bytes = this.#bytesOf(entry);
    if (bytes > this.#maxBytes) {
      this.remove(entry);
      return undefined;
    }
    const slot = this.#slot(entry.key) ?? this.#open(entry);
    const others = slot.stored.filter(({ variant }) => variant !== entry.variant);
    const kept = others.length < maxVariants ? others : withoutIdlest(others);
    const stored = { variant: entry.variant, packed: packEntry(entry), bytes, lastUse: 0, uses: 0 };
    this.#setStored(slot, [stored, ...kept]);
    this.#makeRoom(slot);
    return stored;
  }

  /** The same response in another form keeps its count of uses. */
  #repack(slot: Slot, stored: Stored, entry: Entry): void {
    stored.packed = packEntry(entry);
    stored.bytes = this.#bytesOf(entry);
    this.#setStored(slot, slot.stored);
  }

  applyLifetimes(inForce: LifetimeInForce): void {
    this.#inForce = inForce;
    this.#applied += 1;
  }

  inForce({ key, variant }: Pick<Entry, 'key' | 'variant'>): Entry | undefined {
    const stored = this.#slot(key)?.stored.find((one) => one.variant === variant);
    return stored && unpackEntry(key, stored.packed);
  }

  #slot(key: CacheKey): Slot | undefined {
    const slot = this.#slots.get(key);
    if (slot !== undefined && slot.applied !== this.#applied) {
      for (const stored of slot.stored) {
        const entry = unpackEntry(key, stored.packed);
        const other = this.#inForce(entry);
        if (other !== entry) this.#repack(slot, stored, other);
      }
      slot.applied = this.#applied;
    }
    return slot;
  }

  use({ key, variant }: Entry, isFirst = false): void {
    const slot = this.#slots.get(key);
    if (slot === undefined) return;
    if (!isFirst) this.#protect(slot);
    this.#uses += 1;
    for (const stored of slot.stored) {
      if (stored.variant !== variant) continue;
      stored.lastUse = this.#uses;
      stored.uses += 1;
    }
  }

  uses({ key, variant }: Entry): number {
    return this.#slots.get(key)?.stored.find((stored) => stored.variant === variant)?.uses ?? 0;
  }

  remove(entry: Entry): void {
    const slot = this.#slots.get(entry.key);
    if (slot === undefined) return;
    const left = slot.stored.filter(({ variant }) => variant !== entry.variant);
    if (left.length === slot.stored.length) return;
    if (left.length === 0) this.#close(slot);
    else this.#setStored(slot, left);
  }

  *entries(): Iterable<Entry> {
    for (const slot of this.#slots.values()) yield* unpackAll(slot);
  }

  *subjects(): Iterable<StoredSubject> {
    for (const { key, stored } of this.#slots.values())
      for (const { packed } of stored) yield unpackSubject(key, packed);
  }

  size(): StoreSize {
    return { entries: this.#entries, bytes: this.#bytes };
  }

  #open({ key, partition }: Entry): Slot {
    const slot = emptySlot(key, partition, this.#applied);
    this.#slots.set(key, slot);
    this.#probation.add(slot);
    if (!sharedPartitions.has(partition)) {
      const share = this.#partitions.get(partition) ?? { bytes: 0, slots: new Set() };
      share.slots.add(slot);
      this.#partitions.set(partition, share);
    }
    return slot;
  }

  #setStored(slot: Slot, stored: readonly Stored[]): void {
    const bytes = stored.reduce((sum, one) => sum + one.bytes, 0);
    const change = bytes - slot.bytes;
    this.#bytes += change;
    this.#entries += stored.length - slot.stored.length;
    if (slot.isProtected) this.#protectedBytes += change;
    const share = this.#partitions.get(slot.partition);
    if (share !== undefined) share.bytes += change;
    slot.bytes = bytes;
    slot.stored = stored;
    slot.view = undefined;
  }

  #protect(slot: Slot): void {
    if (slot.isProtected) this.#protected.renew(slot);
    else this.#move(slot, true);
    while (this.#protectedBytes > this.#maxBytes * protectedShare) {
      const { oldest } = this.#protected;
      if (oldest === undefined) return;
      this.#move(oldest, false);
    }
  }

  #move(slot: Slot, isProtected: boolean): void {
    const [from, to] = [this.#probation, this.#protected];
    (isProtected ? from : to).remove(slot);
    (isProtected ? to : from).add(slot);
    slot.isProtected = isProtected;
    this.#protectedBytes += isProtected ? slot.bytes : -slot.bytes;
  }

  #makeRoom(justPut: Slot): void {
    const share = this.#partitions.get(justPut.partition);
    if (share !== undefined && share.bytes > this.#maxBytes * partitionShare) {
      for (const slot of share.slots) {
        if (share.bytes <= this.#maxBytes * partitionShare || slot === justPut) break;
        this.#evict(slot);
      }
    }
    while (this.#bytes > this.#maxBytes) {
      const victim = this.#oldestBut(justPut);
      if (victim === undefined) return;
      this.#evict(victim);
    }
  }

  #oldestBut(kept: Slot): Slot | undefined {
    for (const { oldest } of [this.#probation, this.#protected]) {
      const victim = oldest === kept ? oldest.newer : oldest;
      if (victim !== undefined) return victim;
    }
    return undefined;
  }

  #evict(slot: Slot): void {
    this.#close(slot);
    this.#onEvict?.(slot.key);
  }

  #close(slot: Slot): void {
    this.#setStored(slot, none);
    this.#slots.delete(slot.key);
    (slot.isProtected ? this.#protected : this.#probation).remove(slot);
    const share = this.#partitions.get(slot.partition);
    share?.slots.delete(slot);
    if (share?.slots.size === 0) this.#partitions.delete(slot.partition);
  }
}
