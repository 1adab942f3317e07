/** Timers that fire when a test moves its clock. */

import type { Seconds } from '../../src/kit/time.ts';
import type { TestClock } from '../helpers/test-clock.ts';

type Timer = { readonly atMs: number; readonly action: () => void };

export class TestTimers {
  readonly #clock: TestClock;
  readonly #timers = new Set<Timer>();

  constructor(clock: TestClock) {
    this.#clock = clock;
  }

  readonly later = (delay: Seconds, action: () => void): (() => void) => {
    const timer: Timer = { atMs: this.#clock.monotonicMs() + delay * 1000, action };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  /** Moves the clock, in steps, and lets go off what is due; promises that are ready are waited for at each. */
  async advance(seconds: number, step = 0.01): Promise<void> {
    for (let passed = 0; passed < seconds - 1e-9; passed += step) {
      this.#clock.advance(step);
      this.fire();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Lets go off what is due now. */
  fire(): void {
    const due = [...this.#timers].filter(({ atMs }) => atMs <= this.#clock.monotonicMs());
    for (const timer of due.sort((one, other) => one.atMs - other.atMs)) {
      if (this.#timers.delete(timer)) timer.action();
    }
  }
}
