/** One turn of the event loop: the clock is read once, and what was done in it is told at its end. */

import { type Clock, type EpochMs, type Seconds, seconds, systemClock, wallTime } from '../kit/time.ts';

/** The turns of a lane. */
export class Turn {
  readonly #clock: Clock;
  readonly #onEnd: () => void;
  #isOn = false;
  #now = 0 as EpochMs;
  #wallNow: EpochMs | undefined;
  #startedMs = 0;
  #monotonicMs = 0;
  #second = -1;
  #date = '';

  /** `onEnd` is called at the end of each turn in which the time was asked for. */
  constructor(clock: Clock, onEnd: () => void) {
    this.#clock = clock;
    this.#onEnd = onEnd;
  }

  get now(): EpochMs {
    this.#begin();
    return this.#now;
  }

  /** `now` by the wall clock. */
  get wallNow(): EpochMs {
    this.#begin();
    return (this.#wallNow ??= wallTime(this.#clock, this.#now));
  }

  /** For how long connections are silent, by the machine's clock. */
  get monotonicMs(): number {
    this.#begin();
    return this.#monotonicMs;
  }

  /** As `Date` says it. */
  get date(): string {
    this.#begin();
    return this.#date;
  }

  /** Since the turn began. */
  get elapsed(): Seconds {
    return seconds((this.#clock.monotonicMs() - this.#startedMs) / 1000);
  }

  #begin(): void {
    if (this.#isOn) return;
    this.#isOn = true;
    this.#now = this.#clock.now();
    this.#wallNow = undefined;
    this.#startedMs = this.#clock.monotonicMs();
    this.#monotonicMs = systemClock.monotonicMs();
    const second = Math.floor(systemClock.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#date = new Date(second * 1000).toUTCString();
    }
    setImmediate(this.#end);
  }

  readonly #end = (): void => {
    this.#onEnd();
    this.#isOn = false;
  };
}
