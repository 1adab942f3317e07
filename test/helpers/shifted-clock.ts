/** The machine's clock, moved forward when a test says so: for what is measured in real time, of things that are old. */

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
