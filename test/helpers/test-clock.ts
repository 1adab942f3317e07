/** A clock that moves only when told: the only thing that tests mock. */

import { type Clock, type EpochMs, epochMs } from '../../src/kit/time.ts';

export class TestClock implements Clock {
  #now: number;

  /** `start`: an ISO date. */
  constructor(start = '2026-03-10T10:00:00Z') {
    this.#now = Date.parse(start);
  }

  now(): EpochMs {
    return epochMs(this.#now);
  }

  monotonicMs(): number {
    return this.#now;
  }

  advance(seconds: number): void {
    this.#now += seconds * 1000;
  }

  set(date: string): void {
    this.#now = Date.parse(date);
  }
}
