/**
 * Does Redis answer, and do we know what was purged? Two questions: a Redis too slow for lookups may still tell of purges
 * in time, and then memory is as good as ever.
 *
 * | state | memory | Redis |
 * |---|---|---|
 * | `live` | trusted: every purge older than `lag` is known | asked, if the breaker is closed |
 * | `late` | not trusted: the log has been silent for `lag`, and may speak when asked | asked for the log first |
 * | `away` | used for `fallback_ttl` more | not asked, but by the probe |
 *
 * A third is whether a connection leads to the Redis we know, and whether what we find there is ours: nothing goes over a
 * new one before the log was heard since it was made (`isProven`).
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

/** The connections: requests wait for the reader; the tail only listens to the log. */
export type LinkName = 'reader' | 'writer' | 'tail';

/** The log is asked twice a second at least: one that has said nothing for longer than this does not answer. */
const longestSilenceMs = 1500;

/** What is known of one Redis. */
export class RedisHealth {
  readonly breaker: Breaker;
  readonly #options: HealthOptions;
  /** When the last answer that brought the log up to date was asked for. */
  #heardAt = -Infinity;
  /** Counts connections made and lost; which count each had last, and which had been reached when the log was asked. */
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
   * Whether the log was asked after this connection was made, and is ours. Behind a new one may be another Redis, an older
   * copy with entries that were purged since, or another installation's prefix.
   */
  isProven(link: LinkName): boolean {
    return this.#provenUpTo >= this.#changed[link];
  }

  /** Whether a connection may be used. */
  mayUse(link: LinkName): boolean {
    return this.breaker.isClosed && this.isProven(link);
  }

  /** Whether the log has to be heard before anything of Redis can be used, and may be asked for. */
  mustHear(nowMs: number): boolean {
    return this.breaker.isClosed && !(this.isHeard(nowMs) && this.isProven('reader'));
  }

  /** Whether Redis works, as operators are told: true to life within two seconds, however long `lag` is (CONTRACT §5). */
  isUp(nowMs: number): boolean {
    const limitMs = Math.min(this.#options.lag * 1000, longestSilenceMs);
    return this.mayUse('reader') && nowMs - this.#heardAt < limitMs;
  }

  /** How long ago the log was heard last; `undefined`: never. */
  silence(nowMs: number): Seconds | undefined {
    return Number.isFinite(this.#heardAt) ? seconds((nowMs - this.#heardAt) / 1000) : undefined;
  }

  /** To be taken before the log is asked, for `heard`. */
  get mark(): number {
    return this.#changes;
  }

  /** The log is up to date as of the instant and the mark given. */
  heard(askedAtMs: number, mark: number): void {
    this.#heardAt = Math.max(this.#heardAt, askedAtMs);
    this.#provenUpTo = Math.max(this.#provenUpTo, mark);
    this.#fallback = undefined;
  }

  /** A connection was made or lost. */
  changed(link: LinkName): void {
    this.#changes += 1;
    this.#changed[link] = this.#changes;
  }

  /** What is there is another's: no connection may be used. */
  refused(asProbe: boolean): void {
    for (const link of ['reader', 'writer', 'tail'] as const) this.changed(link);
    this.ended(asProbe, false);
    this.breaker.trip(this.#options.clock.monotonicMs());
  }

  /** A command has ended, well or not. `asProbe`: it was let through to find out. */
  ended(asProbe: boolean, wentWell: boolean): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (asProbe) this.breaker.endProbe(nowMs, wentWell);
    else if (wentWell) this.breaker.succeeded();
    else this.breaker.failed(nowMs);
  }

  /** How entries may be used while the log is silent. */
  fallback(): Fallback {
    this.#fallback ??= new Fallback(this.#silentSince(), this.#options.fallbackTtl);
    return this.#fallback;
  }

  /** The wall clock's time at which memory was trusted last. */
  #silentSince(): EpochMs {
    const { clock, lag } = this.#options;
    const trustedUntilMs = Math.max(this.#heardAt + lag * 1000, this.#startedMs);
    return epochMs(clock.now() - Math.max(0, clock.monotonicMs() - trustedUntilMs));
  }
}
