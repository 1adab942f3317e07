/**
 * Makes what was stored smaller, off everybody's path, a few at a time. What waits is bounded by bytes (DESIGN §3.10): the
 * rest is stored as it is, and taken from the store again when there is time.
 */

import { BoundedMap } from '../../kit/bounded-map.ts';
import { WorkQueue } from '../../kit/work-queue.ts';
import type { CacheKey } from '../../policy/key/cache-key.ts';
import type { Entry, Store } from '../../store/store.ts';
import { compressed, isWorthCompressing } from '../hit/stored-form.ts';

type Job = { readonly entry: Entry; readonly done: (smaller: Entry | undefined) => void };
type Missed = Pick<Entry, 'key' | 'variant' | 'responseTime'>;

const atOnce = 2;
const mostWaitingBytes = 4 * 1024 * 1024;
const mostMissed = 10_000;

/** Compresses for one store. */
export class Compressor {
  readonly #store: Pick<Store, 'get' | 'peek' | 'put'>;
  readonly #queue = new WorkQueue<Job>({
    run: async ({ entry, done }) => {
      done(await compressed(entry));
    },
    concurrency: atOnce,
    maxWeight: mostWaitingBytes,
    onLost: (reason, { entry, done }) => {
      done(undefined);
      if (reason === 'full') this.#miss(entry);
    },
  });
  readonly #missed = new BoundedMap<CacheKey, Missed>(mostMissed);
  #isCatchingUp = false;
  #count = 0;

  constructor(store: Pick<Store, 'get' | 'peek' | 'put'>) {
    this.#store = store;
  }

  /** `undefined` when that makes it no smaller, or there is no room to wait. */
  compress(entry: Entry): Promise<Entry | undefined> {
    this.#count += 1;
    const weight = Math.min(entry.body.length, mostWaitingBytes);
    return new Promise((done) => {
      // Each has a name of its own: none takes the place of another, whose store would wait for ever.
      this.#queue.add(String(this.#count), weight, { entry, done });
    });
  }

  #miss({ key, variant, responseTime }: Entry): void {
    this.#missed.set(key, { key, variant, responseTime });
    if (!this.#isCatchingUp) void this.#catchUp();
  }

  async #catchUp(): Promise<void> {
    this.#isCatchingUp = true;
    for (let missed = this.#takeMissed(); missed !== undefined; missed = this.#takeMissed()) {
      await this.#queue.idle();
      await this.#redo(missed);
    }
    this.#isCatchingUp = false;
  }

  #takeMissed(): Missed | undefined {
    const next = this.#missed.entries().next();
    if (next.done === true) return undefined;
    const [key, missed] = next.value;
    this.#missed.delete(key);
    return missed;
  }

  async #redo({ key, variant, responseTime }: Missed): Promise<void> {
    const isIt = (entry: Entry): boolean =>
      entry.variant === variant && entry.responseTime === responseTime && isWorthCompressing(entry);
    const entry = (await this.#store.get(key)).find(isIt);
    if (entry === undefined) return;
    const smaller = await this.compress(entry);
    // Only in the place of what it was made from: a purge or a newer response may have come between.
    if (smaller !== undefined && this.#store.peek(key).some(isIt)) this.#store.put(smaller);
  }
}
