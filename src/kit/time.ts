/**
 * Time: the units every quantity is written in, and the one place that reads a clock.
 *
 * Promise (DESIGN §3.1): one `now` per request; everything below the request path takes it as an argument.
 */

declare const unit: unique symbol;

/** A duration in seconds, possibly fractional; may be negative where a difference is meant. */
export type Seconds = number & { readonly [unit]: 'seconds' };

/** An instant in milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = number & { readonly [unit]: 'epoch-ms' };

/** A number as a duration. */
export const seconds = (value: number): Seconds => value as Seconds;

/** A number as an instant. */
export const epochMs = (value: number): EpochMs => value as EpochMs;

/** `from + duration`, as an instant. */
export const after = (from: EpochMs, duration: Seconds): EpochMs => (from + duration * 1000) as EpochMs;

/** `to - from`, in seconds (fractional, negative when `to` is earlier). */
export const between = (from: EpochMs, to: EpochMs): Seconds => ((to - from) / 1000) as Seconds;

/** What reads the time. Tests give their own. */
export interface Clock {
  /** The wall clock; of a `SteadyClock`, the time that entries and everything else in this process are measured by. */
  now(): EpochMs;
  /** From an arbitrary start; never jumps back. */
  monotonicMs(): number;
  /** How far `now` is ahead of the wall clock. Absent: it is the wall clock. */
  aheadMs?(): number;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now() as EpochMs,
  monotonicMs: () => performance.now(),
};

/** The wall clock's time at an instant of `now`: for dates that others read or wrote. */
export const wallTime = (clock: Clock, at: EpochMs): EpochMs => (at - (clock.aheadMs?.() ?? 0)) as EpochMs;

/** A smaller difference comes from reading one clock after the other. */
const stepMs = 100;

/**
 * The wall clock without its steps back, so nothing stays fresh for longer. A step forward is followed, because elapsed time
 * omits the sleep of a suspended machine.
 */
export class SteadyClock implements Clock {
  readonly #source: Clock;
  /** What is added to the monotonic clock for `now`, and for the wall clock as it was seen last. */
  #steadyFrom: number;
  #wallFrom: number;

  constructor(source: Clock) {
    this.#source = source;
    this.#wallFrom = source.now() - source.monotonicMs();
    this.#steadyFrom = this.#wallFrom;
  }

  now(): EpochMs {
    const monotonicMs = this.#source.monotonicMs();
    const driftMs = this.#source.now() - monotonicMs - this.#wallFrom;
    if (driftMs > stepMs || driftMs < -stepMs) return this.#afterStep();
    return Math.floor(monotonicMs + this.#steadyFrom) as EpochMs;
  }

  monotonicMs(): number {
    return this.#source.monotonicMs();
  }

  aheadMs(): number {
    this.now();
    return Math.round(this.#steadyFrom - this.#wallFrom);
  }

  /** Reads both again: a delay between the two readings is not a step. */
  #afterStep(): EpochMs {
    const monotonicMs = this.#source.monotonicMs();
    const driftMs = this.#source.now() - monotonicMs - this.#wallFrom;
    this.#wallFrom += driftMs;
    this.#steadyFrom += Math.max(0, driftMs);
    return Math.floor(monotonicMs + this.#steadyFrom) as EpochMs;
  }
}

/** Runs `action` once after `delay`; the returned function cancels it. */
export function runAfter(delay: Seconds, action: () => void): () => void {
  const timer = setTimeout(action, delay * 1000);
  return () => {
    clearTimeout(timer);
  };
}
