/**
 * How often keys are requested of all workers: what is requested of one is told to the others once a second.
 *
 * Promise: memory is bounded; of more keys than `mostKeys` in a second, the rest counts at this worker only.
 */

import type { Clock, EpochMs } from '../kit/time.ts';
import type { Popularity } from '../policy/lifetime/popularity.ts';
import type { Requested } from './messages.ts';

const everyMs = 1000;
const mostKeys = 5000;
/** More requests of a key in a second say no more. */
const mostCounted = 255;

/** A worker's counter that hears of the others' requests. */
export class SharedPopularity implements Popularity {
  readonly #own: Popularity;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #tell: (keys: Requested) => void;
  #since = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;

  constructor(
    own: Popularity,
    { clock, tell }: { readonly clock: Pick<Clock, 'now'>; readonly tell: (keys: Requested) => void },
  ) {
    this.#own = own;
    this.#clock = clock;
    this.#tell = tell;
    this.#timer = setInterval(() => {
      this.flush();
    }, everyMs);
    this.#timer.unref();
  }

  record(key: string, now: EpochMs): void {
    this.#own.record(key, now);
    const count = this.#since.get(key);
    if (count === undefined && this.#since.size >= mostKeys) return;
    if (count === undefined || count < mostCounted) this.#since.set(key, (count ?? 0) + 1);
  }

  isHigh(key: string, now: EpochMs, more?: number): boolean {
    return this.#own.isHigh(key, now, more);
  }

  /** Tells the others what was requested since the last time. */
  flush(): void {
    if (this.#since.size === 0) return;
    this.#tell([...this.#since]);
    this.#since = new Map();
  }

  /** Requests of other workers. */
  take(keys: Requested): void {
    const now = this.#clock.now();
    for (const [key, count] of keys)
      for (let times = 0; times < Math.min(count, mostCounted); times += 1) this.#own.record(key, now);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
