/**
 * Does Redis answer, and do we know what was purged? These are two questions: a Redis too slow for lookups may still
 * deliver purges in time, and then memory can be trusted.
 *
 * | state | memory | Redis |
 * |---|---|---|
 * | `live` | trusted: every purge older than `lag` is known | asked, if the breaker is closed |
 * | `late` | not trusted: the log has been silent for `lag`, and may answer when asked | asked for the log first |
 * | `away` | used for `fallback_ttl` more | not asked, except by the probe |
 *
 * The third question is whether a connection leads to the Redis we know and whether its data is ours: a new connection
 * is not used until the log has been read after it was made (`isProven`).
 */

import { Breaker, type BreakerState } from '../../kit/breaker.ts';
import { type Clock, type EpochMs, type Seconds, epochMs, seconds } from '../../kit/time.ts';
import { Fallback } from './fallback.ts';

export type HealthOptions = {
  readonly clock: Clock;
  readonly lag: Seconds;
  readonly fallbackTtl: Seconds;
  readonly onBreaker?: (kind: BreakerState['kind']) => void;
};

/** The connections. Requests wait for the reader; the tail only reads the log. */
type LinkName = 'reader' | 'writer' | 'tail';

/** The log is asked at least twice a second, so this long a silence means that it does not answer. */
const longestSilenceMs = 1500;

/** The state of one Redis. */
export class RedisHealth {
  readonly breaker: Breaker;
  readonly #options: HealthOptions;
  #heardAt = -Infinity;
  /** Counts connections made and lost: in all, at each link's last change, and when the log was last asked. */
  #changes = 0;
  readonly #changed: Record<LinkName, number> = { reader: 0, writer: 0, tail: 0 };
  #provenUpTo = -1;
  readonly #startedMs: number;
  #fallback: Fallback | undefined;

  constructor(options: HealthOptions) {
    this.#options = options;
    this.#startedMs = options.clock.monotonicMs();
    this.breaker = new Breaker({
      threshold: 3,
      firstPauseMs: 250,
      longestPauseMs: 1000,
      calmMs: 10_000,
      onChange: ({ kind }) => options.onBreaker?.(kind),
    });
  }

  /** Whether every purge older than `lag` is known. */
  isHeard(nowMs: number): boolean {
    return nowMs - this.#heardAt < this.#options.lag * 1000;
  }

  /**
   * Whether the log was read, and found to be ours, after this connection was made: a new one may lead to another Redis, to
   * an older copy, or to another installation's prefix.
   */
  isProven(link: LinkName): boolean {
    return this.#provenUpTo >= this.#changed[link];
  }

  mayUse(link: LinkName): boolean {
    return this.breaker.isClosed && this.isProven(link);
  }

  /** Whether the log must be read before anything else in Redis, and may be asked for. */
  mustHear(nowMs: number): boolean {
    return this.breaker.isClosed && !(this.isHeard(nowMs) && this.isProven('reader'));
  }

  /** Whether Redis works, for operators: accurate within two seconds, however long `lag` is (CONTRACT §5). */
  isUp(nowMs: number): boolean {
    const limitMs = Math.min(this.#options.lag * 1000, longestSilenceMs);
    return this.mayUse('reader') && nowMs - this.#heardAt < limitMs;
  }

  silence(nowMs: number): Seconds | undefined {
    return Number.isFinite(this.#heardAt) ? seconds((nowMs - this.#heardAt) / 1000) : undefined;
  }

  /** Take this before the log is asked; pass it to `heard`. */
  get mark(): number {
    return this.#changes;
  }

  heard(askedAtMs: number, mark: number): void {
    this.#heardAt = Math.max(this.#heardAt, askedAtMs);
    this.#provenUpTo = Math.max(this.#provenUpTo, mark);
    this.#fallback = undefined;
  }

  changed(link: LinkName): void {
    this.#changes += 1;
    this.#changed[link] = this.#changes;
  }

  /** The data belongs to another installation: no connection may be used. */
  refused(asProbe: boolean): void {
    for (const link of ['reader', 'writer', 'tail'] as const) this.changed(link);
    this.ended(asProbe, false);
    this.breaker.trip(this.#options.clock.monotonicMs());
  }

  ended(asProbe: boolean, wentWell: boolean): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (asProbe) this.breaker.endProbe(nowMs, wentWell);
    else if (wentWell) this.breaker.succeeded();
    else this.breaker.failed(nowMs);
  }

  fallback(): Fallback {
    this.#fallback ??= new Fallback(this.#silentSince(), this.#options.fallbackTtl);
    return this.#fallback;
  }

  #silentSince(): EpochMs {
    const { clock, lag } = this.#options;
    const trustedUntilMs = Math.max(this.#heardAt + lag * 1000, this.#startedMs);
    return epochMs(clock.now() - Math.max(0, clock.monotonicMs() - trustedUntilMs));
  }
}
