/**
 * The store of one of several workers: its memory, for what that has not the other workers' (through `Siblings`), and for
 * what none of them has the slow tier, if there is one.
 *
 * Promises:
 * - A key that no worker has is fetched by one of them; the others wait and are given what it has stored. None waits longer
 *   than `Siblings` bound, nor for an answer that is not for others.
 * - What another gives is used only if it is current by the purge log here.
 * - What memory has is answered without asking anybody.
 */

import type { Clock } from '../kit/time.ts';
import { UnderWay } from '../kit/under-way.ts';
import type { CacheKey } from '../policy/key/cache-key.ts';
import type { PurgeLog } from './purge-log.ts';
import { decodeEntry, encodeEntry } from './redis/codec.ts';
import { type Stamp, stamped, unstamped } from './redis/stamps.ts';
import type { Entry, LifetimeInForce, Store, StoredSubject, StoreSize } from './store.ts';

/** The other workers. */
export type Siblings = {
  /** Resolves with what another has, or when this worker is to fetch; `undefined`: nobody can say. */
  readonly want: (key: CacheKey) => Promise<Wanted | undefined>;
  readonly onFilled: (key: CacheKey) => void;
  readonly onAbandoned: (key: CacheKey) => void;
  /** This worker was to fetch, and does not. */
  readonly onReleased: (key: CacheKey) => void;
};

/** `packed`: encoded variants, the one stored last first. */
export type Wanted =
  { readonly kind: 'fetch' } | { readonly kind: 'entries'; readonly packed: readonly Uint8Array[] };

export type SiblingStoreOptions = {
  /** What requests use. */
  readonly near: Store;
  /** The same store, where looking does not count. */
  readonly store: Pick<Store, 'peek'>;
  /** Its memory, where what another gives is put without counting as stored. */
  readonly memory: Pick<Store, 'peek' | 'put'>;
  readonly purgeLog: Pick<PurgeLog, 'verdict'>;
  readonly clock: Clock;
  /** This worker's name. */
  readonly by: string;
  readonly isFetching: (key: CacheKey) => boolean;
  readonly siblings: Siblings;
};

/** A larger body is fetched again rather than sent from one process to another. */
const largestBody = 1024 * 1024;

/** Memory, with the other workers behind it. */
export class SiblingStore implements Store {
  readonly hasSlowTier = true;
  readonly census?: NonNullable<Store['census']>;
  readonly #options: SiblingStoreOptions;
  readonly #near: Store;
  readonly #asked = new UnderWay<CacheKey, Promise<void>>();

  constructor(options: SiblingStoreOptions) {
    this.#options = options;
    this.#near = options.near;
    if (options.near.census !== undefined) this.census = options.near.census.bind(options.near);
  }

  get isDown(): boolean {
    return this.#near.isDown;
  }

  peek(key: CacheKey): readonly Entry[] {
    return this.#near.peek(key);
  }

  async get(key: CacheKey, sinceMs?: number): Promise<readonly Entry[]> {
    const { store, isFetching, clock } = this.#options;
    const isAsked = sinceMs !== undefined && this.#isCold(store.peek(key)) && !isFetching(key);
    const askedMs = clock.monotonicMs();
    if (isAsked) await this.#askOnce(key);
    if (isAsked && !this.#isCold(store.peek(key))) return store.peek(key);
    // The time that another worker took to fetch is not waiting for the slow tier.
    const waitedMs = isAsked ? clock.monotonicMs() - askedMs : 0;
    const since = sinceMs === undefined ? undefined : sinceMs + waitedMs;
    const found = this.#near.hasSlowTier ? await this.#near.get(key, since) : store.peek(key);
    if (isAsked) this.#tellOthers(key, found);
    return found;
  }

  put(entry: Entry, smaller?: Promise<Entry | undefined>): void {
    this.#near.put(entry, smaller);
    this.#options.siblings.onFilled(entry.key);
  }

  endedBy(key: CacheKey): ReturnType<NonNullable<Store['endedBy']>> {
    return this.#near.endedBy?.(key);
  }

  abandon(key: CacheKey): void {
    this.#near.abandon?.(key);
    this.#options.siblings.onAbandoned(key);
  }

  /** What another worker may have of a key. */
  pack(key: CacheKey): Buffer[] {
    const { store, purgeLog } = this.#options;
    const current = store.peek(key).filter((entry) => purgeLog.verdict(entry).kind === 'current');
    const stamp = this.#stamp();
    return current
      .filter(({ body }) => body.length <= largestBody)
      .map((entry) => encodeEntry(stamped(entry, stamp), stamp));
  }

  use(entry: Entry, isFirst?: boolean): void {
    this.#near.use(entry, isFirst);
  }

  uses(entry: Entry): number {
    return this.#near.uses(entry);
  }

  remove(entry: Entry): void {
    this.#near.remove(entry);
  }

  applyLifetimes(inForce: LifetimeInForce): void {
    this.#near.applyLifetimes(inForce);
  }

  entries(): Iterable<Entry> {
    return this.#near.entries();
  }

  subjects(): Iterable<StoredSubject> {
    return this.#near.subjects();
  }

  inForce(subject: Pick<Entry, 'key' | 'variant'>): Entry | undefined {
    return this.#near.inForce(subject);
  }

  size(): StoreSize {
    return this.#near.size();
  }

  #isCold(found: readonly Entry[]): boolean {
    return found.every((entry) => this.#options.purgeLog.verdict(entry).kind === 'purged');
  }

  #askOnce(key: CacheKey): Promise<void> {
    const underWay = this.#asked.get(key);
    if (underWay !== undefined) return underWay;
    const asked = this.#ask(key).finally(() => this.#asked.delete(key));
    this.#asked.set(key, asked);
    return asked;
  }

  async #ask(key: CacheKey): Promise<void> {
    const wanted = await this.#options.siblings.want(key);
    if (wanted?.kind !== 'entries') return;
    // The last stored is put last.
    for (const bytes of wanted.packed.toReversed()) this.#take(key, bytes);
  }

  #take(key: CacheKey, bytes: Uint8Array): void {
    const { memory, purgeLog, clock } = this.#options;
    const decoded = decodeEntry(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), key);
    if (decoded.kind !== 'entry') return;
    const { entry: written, stamp } = decoded;
    const entry = unstamped(written, { stamp, reader: this.#stamp(), now: clock.now() });
    const atHand = memory.peek(key).find(({ variant }) => variant === entry.variant);
    const isNewer = atHand === undefined || atHand.requestTime < entry.requestTime;
    if (isNewer && purgeLog.verdict(entry).kind === 'current') memory.put(entry);
  }

  /** They wait. Whoever gets what was found decides at once whether to fetch: `only-if-cached` does not. */
  #tellOthers(key: CacheKey, found: readonly Entry[]): void {
    const { isFetching, siblings } = this.#options;
    if (!this.#isCold(found)) siblings.onFilled(key);
    else
      setImmediate(() => {
        if (!isFetching(key)) siblings.onReleased(key);
      });
  }

  #stamp(): Stamp {
    const { by, clock } = this.#options;
    return { by, aheadMs: clock.aheadMs?.() ?? 0 };
  }
}
