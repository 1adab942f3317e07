/** The machine's clock, which a test can move forward: for tests in real time that need old entries. */

import { type Clock, type EpochMs, epochMs, systemClock } from '../../src/kit/time.ts';

export class ShiftedClock implements Clock {
  #shiftMs = 0;

  now(): EpochMs {
    return epochMs(systemClock.now() + this.#shiftMs);
  }

  monotonicMs(): number {
    return systemClock.monotonicMs() + this.#shiftMs;
  }

  advance(seconds: number): void {
    this.#shiftMs += seconds * 1000;
  }
}
