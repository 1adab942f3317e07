/**
 * A circuit breaker: stops calls to a service that fails, and probes until it recovers.
 *
 * Promises: while it is not closed, only the probe calls, one at a time. Each failed probe, and each opening soon after a
 * closing, doubles the pause up to a bound, so that a service that answers probes but not work is called less and less.
 * Times are monotonic milliseconds, given by the caller.
 */

/** `failures` are consecutive; `since`: when it closed; `pause`: how long it was last open. */
export type BreakerState =
  | { readonly kind: 'closed'; readonly failures: number; readonly since: number; readonly pause: number }
  | { readonly kind: 'open'; readonly until: number; readonly pause: number }
  | { readonly kind: 'half-open'; readonly pause: number };

export type BreakerOptions = {
  readonly threshold: number;
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  readonly calmMs: number;
  readonly onChange?: (state: BreakerState) => void;
};

/** A breaker; it starts closed. */
export class Breaker {
  readonly #options: BreakerOptions;
  #state: BreakerState = { kind: 'closed', failures: 0, since: -Infinity, pause: 0 };

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  get state(): BreakerState {
    return this.#state;
  }

  get isClosed(): boolean {
    return this.#state.kind === 'closed';
  }

  /** Ordinary work succeeded. Work that began before it opened does not count. */
  succeeded(): void {
    if (this.#state.kind === 'closed' && this.#state.failures > 0)
      this.#state = { ...this.#state, failures: 0 };
  }

  failed(now: number): void {
    if (this.#state.kind !== 'closed') return;
    const failures = this.#state.failures + 1;
    if (failures >= this.#options.threshold) this.trip(now);
    else this.#state = { ...this.#state, failures };
  }

  /** Opens at once; no effect unless it is closed. */
  trip(now: number): void {
    const { firstPauseMs, longestPauseMs, calmMs } = this.#options;
    if (this.#state.kind !== 'closed') return;
    const { since, pause } = this.#state;
    const next = now - since >= calmMs ? firstPauseMs : Math.min(pause * 2, longestPauseMs);
    this.#open(now, Math.max(firstPauseMs, next));
  }

  /** Whether the caller becomes the probe: the pause is over and no other probe runs. The caller must report the result. */
  beginProbe(now: number): boolean {
    if (this.#state.kind !== 'open' || now < this.#state.until) return false;
    this.#change({ kind: 'half-open', pause: this.#state.pause });
    return true;
  }

  endProbe(now: number, wentWell: boolean): void {
    if (this.#state.kind !== 'half-open') return;
    if (wentWell) this.close(now);
    else this.#open(now, Math.min(this.#state.pause * 2, this.#options.longestPauseMs));
  }

  /** Work that was not held back succeeded while it was open: no probe is needed. */
  close(now: number): void {
    if (this.#state.kind === 'closed') return;
    const { pause } = this.#state;
    this.#change({ kind: 'closed', failures: 0, since: now, pause });
  }

  #open(now: number, pause: number): void {
    this.#change({ kind: 'open', until: now + pause, pause });
  }

  #change(state: BreakerState): void {
    this.#state = state;
    this.#options.onChange?.(state);
  }
}
