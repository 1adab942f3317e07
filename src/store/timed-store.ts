/** A store whose operations are timed, around the store that the request path is given. */

import { type Clock, type Seconds, seconds } from '../kit/time.ts';
import type { CacheKey } from '../policy/key/cache-key.ts';
import type {
  Census,
  CensusLimits,
  Entry,
  LifetimeInForce,
  Store,
  StoredSubject,
  StoreSize,
} from './store.ts';

export type StoreOperation = `${'get' | 'set' | 'delete'}/${'memory' | 'redis'}`;

/** Hears of every operation. Each function returns at once. */
type StoreListener = {
  readonly onOperation: (operation: StoreOperation, duration: Seconds) => void;
  /** A response was stored, or one that is stored was renewed. */
  readonly onStored: (entry: Entry) => void;
  /** An entry came from Redis that memory did not have. */
  readonly onFromRedis: (entry: Entry) => void;
};

/** Times every operation of a store. */
export class TimedStore implements Store {
  readonly hasSlowTier: boolean;
  readonly census?: (limits: CensusLimits) => Promise<Census>;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #listener: StoreListener;

  constructor(store: Store, clock: Clock, listener: StoreListener) {
    this.#store = store;
    this.#clock = clock;
    this.#listener = listener;
    this.hasSlowTier = store.hasSlowTier;
    if (store.census !== undefined) this.census = store.census.bind(store);
  }

  peek(key: CacheKey): readonly Entry[] {
    const startedMs = this.#clock.monotonicMs();
    const entries = this.#store.peek(key);
    this.#listener.onOperation('get/memory', this.#since(startedMs));
    return entries;
  }

  get(key: CacheKey, sinceMs?: number): Promise<readonly Entry[]> {
    const startedMs = this.#clock.monotonicMs();
    const near = this.#store.peek(key);
    return this.#store.get(key, sinceMs).then((entries) => {
      this.#listener.onOperation(this.hasSlowTier ? 'get/redis' : 'get/memory', this.#since(startedMs));
      if (!this.hasSlowTier) return entries;
      for (const entry of entries) {
        const isIt = ({ variant, responseTime }: Entry): boolean =>
          variant === entry.variant && responseTime === entry.responseTime;
        if (!near.some(isIt)) this.#listener.onFromRedis(entry);
      }
      return entries;
    });
  }

  put(entry: Entry, smaller?: Promise<Entry | undefined>): void {
    const startedMs = this.#clock.monotonicMs();
    this.#store.put(entry, smaller);
    this.#listener.onOperation('set/memory', this.#since(startedMs));
    this.#listener.onStored(entry);
  }

  remove(entry: Entry): void {
    const startedMs = this.#clock.monotonicMs();
    this.#store.remove(entry);
    this.#listener.onOperation('delete/memory', this.#since(startedMs));
  }

  get isDown(): boolean {
    return this.#store.isDown;
  }

  use(entry: Entry, isFirst?: boolean): void {
    this.#store.use(entry, isFirst);
  }

  uses(entry: Entry): number {
    return this.#store.uses(entry);
  }

  endedBy(key: CacheKey): ReturnType<NonNullable<Store['endedBy']>> {
    return this.#store.endedBy?.(key);
  }

  abandon(key: CacheKey, isStored: boolean): void {
    this.#store.abandon?.(key, isStored);
  }

  applyLifetimes(inForce: LifetimeInForce): void {
    this.#store.applyLifetimes(inForce);
  }

  inForce(entry: Pick<Entry, 'key' | 'variant'>): Entry | undefined {
    return this.#store.inForce(entry);
  }

  entries(): Iterable<Entry> {
    return this.#store.entries();
  }

  subjects(): Iterable<StoredSubject> {
    return this.#store.subjects();
  }

  size(): StoreSize {
    return this.#store.size();
  }

  #since(startedMs: number): Seconds {
    return seconds((this.#clock.monotonicMs() - startedMs) / 1000);
  }
}
