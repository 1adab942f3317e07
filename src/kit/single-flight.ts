/**
 * One fetch shared by all who want the same result (DESIGN §3.8).
 *
 * Promises: a waiter learns how the flight ended: `done`, `failed`, `give-up` or, by its own deadline, `timed-out`. It never
 * shares a rejected promise and never hangs on a stuck leader. Flights and waiters are bounded; beyond the bounds each
 * request fetches by itself.
 */

import { runAfter, type Seconds } from './time.ts';
import { UnderWay } from './under-way.ts';

/** How a flight ended. `give-up`: the result is not for others; each must fetch by itself. */
export type FlightEnd<Result, Failure> =
  | { readonly kind: 'done'; readonly result: Result }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'give-up' };

/** `begun`: not ended, but its body can be read as it comes (see `info`). `gone`: the waiter has left. */
export type WaitEnd<Result, Failure> =
  FlightEnd<Result, Failure> | { readonly kind: 'timed-out' | 'begun' | 'gone' };

export type FlightLimits = { readonly maxFlights: number; readonly maxWaiters: number };

/** A fetch in progress that others may wait for. `Info` is what they need to know before they do. */
export class Flight<Info, Result, Failure> {
  readonly info: Info;
  readonly #waiters = new Set<(end: WaitEnd<Result, Failure>) => void>();
  readonly #onLeave: () => void;
  readonly #maxWaiters: number;
  #hasEnded = false;
  #hasBegun = false;

  constructor(info: Info, { maxWaiters, onLeave }: { maxWaiters: number; onLeave: () => void }) {
    this.info = info;
    this.#maxWaiters = maxWaiters;
    this.#onLeave = onLeave;
  }

  get waiters(): number {
    return this.#waiters.size;
  }

  get hasRoom(): boolean {
    return this.#waiters.size < this.#maxWaiters;
  }

  /** Ends the flight for all waiters; only the first call counts. */
  end(end: FlightEnd<Result, Failure>): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#onLeave();
    this.#tell(end);
  }

  /** Ends all waiting, now and later: the body can be read as it comes. */
  begin(): void {
    this.#hasBegun = true;
    this.#tell({ kind: 'begun' });
  }

  #tell(end: WaitEnd<Result, Failure>): void {
    for (const tell of [...this.#waiters]) tell(end);
    this.#waiters.clear();
  }

  /** Hides the flight from newcomers, who may start another. Those already waiting still learn its end. */
  makeWay(): void {
    this.#onLeave();
  }

  /** Waits for the end, at most `limit`. `onGone` gets the function to call when the waiter leaves. */
  wait(limit: Seconds, onGone?: (leave: () => void) => void): Promise<WaitEnd<Result, Failure>> {
    if (this.#hasBegun && !this.#hasEnded) return Promise.resolve({ kind: 'begun' });
    return new Promise((resolve) => {
      const leave = (kind: 'timed-out' | 'gone'): void => {
        if (this.#waiters.delete(tell)) tell({ kind });
      };
      const cancel = runAfter(limit, () => {
        leave('timed-out');
      });
      const tell = (end: WaitEnd<Result, Failure>): void => {
        cancel();
        resolve(end);
      };
      this.#waiters.add(tell);
      onGone?.(() => {
        leave('gone');
      });
    });
  }
}

/** The flights of one process, by key. */
export class SingleFlight<Info, Result, Failure> {
  readonly #flights = new UnderWay<string, Flight<Info, Result, Failure>>();
  readonly #limits: FlightLimits;

  constructor(limits: FlightLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#flights.size;
  }

  all(): Iterable<Flight<Info, Result, Failure>> {
    return this.#flights.values();
  }

  get(key: string): Flight<Info, Result, Failure> | undefined {
    return this.#flights.get(key);
  }

  /** Starts a flight, replacing one that newcomers must not join; `undefined` when there are too many. */
  start(key: string, info: Info): Flight<Info, Result, Failure> | undefined {
    if (this.#flights.size >= this.#limits.maxFlights && !this.#flights.has(key)) return undefined;
    const flight: Flight<Info, Result, Failure> = new Flight(info, {
      maxWaiters: this.#limits.maxWaiters,
      onLeave: () => {
        if (this.#flights.get(key) === flight) this.#flights.delete(key);
      },
    });
    this.#flights.set(key, flight);
    return flight;
  }
}
