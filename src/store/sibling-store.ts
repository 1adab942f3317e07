/**
 * The store of one of several workers: its memory, for what that has not the other workers' (through `Siblings`), and for
 * what none of them has the slow tier, if there is one.
 *
 * Promises:
 * - What no worker has is fetched by one of them: a key, a further variant of it, and what has expired. The others wait and
 *   are given what it has stored. None waits longer than `Siblings` bound, nor for an answer that is not for others.
 * - What another gives is used only if it is current by the purge log here.
 * - What memory has is answered without asking anybody.
 */

import type { Clock } from '../kit/time.ts';
import { UnderWay } from '../kit/under-way.ts';
import type { CacheKey } from '../policy/key/cache-key.ts';
import type { PurgeLog } from './purge-log.ts';
import { decodeEntry, encodeEntry } from './redis/codec.ts';
import { type Stamp, stamped, unstamped } from './redis/stamps.ts';
import type { Entry, IsEnough, LifetimeInForce, Store, StoredSubject, StoreSize } from './store.ts';

/** The other workers. */
export type Siblings = {
  /** Resolves with what another has besides, or when this worker is to fetch; `undefined`: nobody can say. */
  readonly want: (sought: SoughtKey) => Promise<Wanted | undefined>;
  readonly onFilled: (key: CacheKey) => void;
  readonly onAbandoned: (key: CacheKey) => void;
  /** This worker was to fetch, and does not. */
  readonly onReleased: (key: CacheKey) => void;
};

/** What a worker wants, and the current copies that it has. */
export type SoughtKey = {
  readonly key: CacheKey;
  readonly known: readonly Pick<Entry, 'variant' | 'requestTime'>[];
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
/** One copy has nearly the same time in two processes. */
const sameCopyMs = 500;
/** Another variant may be given first; then another's fetch is waited for; then this worker fetches. */
const rounds = 3;

/** Memory, with the other workers behind it. */
export class SiblingStore implements Store {
  readonly hasSlowTier = true;
  readonly census?: NonNullable<Store['census']>;
  readonly #options: SiblingStoreOptions;
  readonly #near: Store;
  readonly #asked = new UnderWay<CacheKey, Promise<boolean>>();

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

  async get(
    key: CacheKey,
    sinceMs?: number,
    isEnough: IsEnough = (found) => !this.#isCold(found),
  ): Promise<readonly Entry[]> {
    const { store, isFetching, clock } = this.#options;
    const isAsked = sinceMs !== undefined && !isEnough(store.peek(key)) && !isFetching(key);
    const askedMs = clock.monotonicMs();
    if (isAsked) await this.#askUntil(key, isEnough);
    if (isAsked && isEnough(store.peek(key))) return store.peek(key);
    // The time that another worker took to fetch is not waiting for the slow tier.
    const waitedMs = isAsked ? clock.monotonicMs() - askedMs : 0;
    const since = sinceMs === undefined ? undefined : sinceMs + waitedMs;
    const found = this.#near.hasSlowTier ? await this.#near.get(key, since) : store.peek(key);
    if (isAsked) this.#tellOthers(key, isEnough(found));
    return found;
  }

  put(entry: Entry, smaller?: Promise<Entry | undefined>): void {
    this.#near.put(entry, smaller);
    this.#options.siblings.onFilled(entry.key);
  }

  endedBy(key: CacheKey): ReturnType<NonNullable<Store['endedBy']>> {
    return this.#near.endedBy?.(key);
  }

  abandon(key: CacheKey, isStored: boolean): void {
    this.#near.abandon?.(key, isStored);
    this.#options.siblings.onAbandoned(key);
  }

  /** What another worker may have of a key besides what it has. */
  pack({ key, known }: SoughtKey): Buffer[] {
    const stamp = this.#stamp();
    const isKnown = ({ variant, requestTime }: Entry): boolean =>
      known.some((own) => own.variant === variant && requestTime < own.requestTime + sameCopyMs);
    return this.#current(key)
      .filter((entry) => !isKnown(entry))
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

  #current(key: CacheKey): readonly Entry[] {
    const { store, purgeLog } = this.#options;
    return store.peek(key).filter((entry) => purgeLog.verdict(entry).kind === 'current');
  }

  async #askUntil(key: CacheKey, isEnough: IsEnough): Promise<void> {
    for (let round = 0; round < rounds; round += 1) {
      const isGiven = await this.#askOnce(key);
      if (!isGiven || isEnough(this.#options.store.peek(key))) return;
    }
  }

  #askOnce(key: CacheKey): Promise<boolean> {
    const underWay = this.#asked.get(key);
    if (underWay !== undefined) return underWay;
    const asked = this.#ask(key).finally(() => this.#asked.delete(key));
    this.#asked.set(key, asked);
    return asked;
  }

  /** Whether another has given something. */
  async #ask(key: CacheKey): Promise<boolean> {
    const known = this.#current(key).map(({ variant, requestTime }) => ({ variant, requestTime }));
    const wanted = await this.#options.siblings.want({ key, known });
    if (wanted?.kind !== 'entries') return false;
    // The last stored is put last.
    for (const bytes of wanted.packed.toReversed()) this.#take(key, bytes);
    return true;
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
  #tellOthers(key: CacheKey, isFound: boolean): void {
    const { isFetching, siblings } = this.#options;
    if (isFound) siblings.onFilled(key);
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
