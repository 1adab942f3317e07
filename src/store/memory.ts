/**
 * The in-process tier: bounded by bytes, synchronous.
 *
 * Eviction is segmented LRU: a new key is on probation, and its first hit protects it. A scan of URLs that are
 * requested once evicts only keys on probation. One identity may hold at most a quarter of the memory, so that one
 * visitor cannot evict everybody else's entries (DESIGN §3.10).
 */

import type { CacheKey } from '../policy/key/cache-key.ts';
import {
  type Entry,
  entryBytes,
  type LifetimeInForce,
  maxVariants,
  type Store,
  type StoreSize,
} from './store.ts';

/** All variants of one key, last stored first. */
type Slot = {
  readonly key: CacheKey;
  entries: readonly Entry[];
  bytes: number;
  segment: 'probation' | 'protected';
  readonly partition: string;
  applied: number;
};

export type MemoryStoreOptions = {
  readonly maxBytes: number;
  readonly onEvict?: (entry: Entry) => void;
};

const protectedShare = 0.8;
const partitionShare = 0.25;

/** Partitions that do not belong to one visitor. */
const sharedPartitions: ReadonlySet<string> = new Set(['public', 'anonymous']);

/** A store of at most `maxBytes`. */
export class MemoryStore implements Store {
  readonly hasSlowTier = false;
  readonly isDown = false;
  readonly #maxBytes: number;
  readonly #onEvict: ((entry: Entry) => void) | undefined;
  readonly #slots = new Map<CacheKey, Slot>();
  /** Both in order of use, oldest first. */
  readonly #probation = new Map<CacheKey, Slot>();
  readonly #protected = new Map<CacheKey, Slot>();
  readonly #partitions = new Map<string, { bytes: number; readonly slots: Set<Slot> }>();
  readonly #used = new WeakMap<Entry, { last: number; count: number }>();
  #uses = 0;
  #bytes = 0;
  #protectedBytes = 0;
  #entries = 0;
  #inForce: LifetimeInForce = (entry) => entry;
  #applied = 0;

  constructor({ maxBytes, onEvict }: MemoryStoreOptions) {
    this.#maxBytes = maxBytes;
    this.#onEvict = onEvict;
  }

  peek(key: CacheKey): readonly Entry[] {
    return this.#slot(key)?.entries ?? none;
  }

  get(key: CacheKey): Promise<readonly Entry[]> {
    return Promise.resolve(this.peek(key));
  }

  put(entry: Entry, smaller?: Promise<Entry | undefined>): void {
    this.#put(this.#inForce(entry));
    const take = (other: Entry | undefined): void => {
      // Only if the original is still there: a purge or a newer response may have replaced it.
      const stored = this.#slot(entry.key)?.entries.find(({ body }) => body === entry.body);
      if (other !== undefined && stored !== undefined)
        this.#put(this.#replacing(stored, this.#inForce(other)));
    };
    // Compression failed: the entry stays as it is.
    smaller?.then(take, () => undefined);
  }

  #put(entry: Entry): void {
    const bytes = entryBytes(entry);
    if (bytes > this.#maxBytes) {
      this.remove(entry);
      return;
    }
    const slot = this.#slot(entry.key) ?? this.#open(entry);
    const others = slot.entries.filter(({ variant }) => variant !== entry.variant);
    const kept = others.length < maxVariants ? others : this.#withoutIdlest(others);
    this.#setEntries(slot, [entry, ...kept]);
    this.#makeRoom(slot);
  }

  applyLifetimes(inForce: LifetimeInForce): void {
    this.#inForce = inForce;
    this.#applied += 1;
  }

  inForce(entry: Entry): Entry {
    const stored = this.#slot(entry.key)?.entries.find(({ body }) => body === entry.body);
    return stored ?? this.#inForce(entry);
  }

  #slot(key: CacheKey): Slot | undefined {
    const slot = this.#slots.get(key);
    if (slot !== undefined && slot.applied !== this.#applied) {
      slot.entries = slot.entries.map((entry) => this.#replacing(entry, this.#inForce(entry)));
      slot.applied = this.#applied;
    }
    return slot;
  }

  /** The same response in another form keeps its count of uses. */
  #replacing(entry: Entry, other: Entry): Entry {
    const used = this.#used.get(entry);
    if (used !== undefined) this.#used.set(other, used);
    return other;
  }

  use(entry: Entry, isFirst = false): void {
    const slot = isFirst ? undefined : this.#slots.get(entry.key);
    if (slot !== undefined) this.#protect(slot);
    this.#uses += 1;
    const used = this.#used.get(entry);
    if (used === undefined) {
      this.#used.set(entry, { last: this.#uses, count: 1 });
      return;
    }
    used.last = this.#uses;
    used.count += 1;
  }

  uses(entry: Entry): number {
    return this.#used.get(entry)?.count ?? 0;
  }

  remove(entry: Entry): void {
    const slot = this.#slots.get(entry.key);
    if (slot === undefined) return;
    const left = slot.entries.filter(({ variant }) => variant !== entry.variant);
    if (left.length === slot.entries.length) return;
    if (left.length === 0) this.#close(slot);
    else this.#setEntries(slot, left);
  }

  *entries(): Iterable<Entry> {
    for (const slot of this.#slots.values()) yield* slot.entries;
  }

  size(): StoreSize {
    return { entries: this.#entries, bytes: this.#bytes };
  }

  /** Without the least recently used variant; the order of storing is kept (RFC 9111 §4.1). */
  #withoutIdlest(entries: readonly Entry[]): readonly Entry[] {
    const used = (entry: Entry): number => this.#used.get(entry)?.last ?? 0;
    const idlest = entries.reduce((least, entry) => (used(entry) <= used(least) ? entry : least));
    return entries.filter((entry) => entry !== idlest);
  }

  #open(entry: Entry): Slot {
    const { key, partition } = entry;
    const applied = this.#applied;
    const slot: Slot = { key, entries: none, bytes: 0, segment: 'probation', partition, applied };
    this.#slots.set(key, slot);
    this.#probation.set(key, slot);
    if (!sharedPartitions.has(partition)) {
      const share = this.#partitions.get(partition) ?? { bytes: 0, slots: new Set() };
      share.slots.add(slot);
      this.#partitions.set(partition, share);
    }
    return slot;
  }

  #setEntries(slot: Slot, entries: readonly Entry[]): void {
    const bytes = entries.reduce((sum, entry) => sum + entryBytes(entry), 0);
    const change = bytes - slot.bytes;
    this.#bytes += change;
    this.#entries += entries.length - slot.entries.length;
    if (slot.segment === 'protected') this.#protectedBytes += change;
    const share = this.#partitions.get(slot.partition);
    if (share !== undefined) share.bytes += change;
    slot.bytes = bytes;
    slot.entries = entries;
  }

  #protect(slot: Slot): void {
    if (slot.segment === 'protected') {
      this.#protected.delete(slot.key);
      this.#protected.set(slot.key, slot);
      return;
    }
    this.#probation.delete(slot.key);
    this.#protected.set(slot.key, slot);
    slot.segment = 'protected';
    this.#protectedBytes += slot.bytes;
    for (const oldest of this.#protected.values()) {
      if (this.#protectedBytes <= this.#maxBytes * protectedShare) break;
      this.#protected.delete(oldest.key);
      this.#protectedBytes -= oldest.bytes;
      oldest.segment = 'probation';
      this.#probation.set(oldest.key, oldest);
    }
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
    for (const segment of [this.#probation, this.#protected]) {
      for (const slot of segment.values()) if (slot !== kept) return slot;
    }
    return undefined;
  }

  #evict(slot: Slot): void {
    const { entries } = slot;
    this.#close(slot);
    if (this.#onEvict !== undefined) for (const entry of entries) this.#onEvict(entry);
  }

  #close(slot: Slot): void {
    this.#setEntries(slot, none);
    this.#slots.delete(slot.key);
    this.#probation.delete(slot.key);
    this.#protected.delete(slot.key);
    const share = this.#partitions.get(slot.partition);
    share?.slots.delete(slot);
    if (share?.slots.size === 0) this.#partitions.delete(slot.partition);
  }
}

const none: readonly Entry[] = [];
