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

/** Marks a number as a duration in seconds. */
export const seconds = (value: number): Seconds => value as Seconds;

/** Marks a number as an instant in milliseconds since the epoch. */
export const epochMs = (value: number): EpochMs => value as EpochMs;

/** `from + duration`, as an instant. */
export const after = (from: EpochMs, duration: Seconds): EpochMs => (from + duration * 1000) as EpochMs;

/** `to - from`, in seconds (fractional, negative when `to` is earlier). */
export const between = (from: EpochMs, to: EpochMs): Seconds => ((to - from) / 1000) as Seconds;

/** What reads the time. Tests give their own. */
export interface Clock {
  /** The wall clock, for everything HTTP dates speak of. */
  now(): EpochMs;
  /** Milliseconds from an arbitrary start that never jump back, for durations. */
  monotonicMs(): number;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now() as EpochMs,
  monotonicMs: () => performance.now(),
};

/** Runs `action` once after `delay`; the function returned cancels it. */
export function runAfter(delay: Seconds, action: () => void): () => void {
  const timer = setTimeout(action, delay * 1000);
  return () => {
    clearTimeout(timer);
  };
}
