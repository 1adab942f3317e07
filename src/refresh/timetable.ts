/**
 * Runs jobs at an interval or at a time of day.
 *
 * Promises: a job never overlaps itself, and one run makes up for all that were missed. A time of day occurs once, even
 * on days when the clocks change. A job for all instances runs on one of them (`lease.ts`).
 */

import { type Clock, epochMs, type Seconds, seconds, wallTime } from '../kit/time.ts';
import { nextTime, type TimeOfDay } from '../kit/time-of-day.ts';
import type { Lease } from './lease.ts';

export type When =
  ({ readonly kind: 'at' } & TimeOfDay) | { readonly kind: 'every'; readonly every: Seconds };

export type TimedJob = {
  readonly name: string;
  readonly when: When;
  readonly isShared: boolean;
  readonly run: () => Promise<void>;
};

export type TimetableOptions = {
  readonly clock: Clock;
  readonly lease: Lease;
  readonly onError: (error: unknown, job: string) => void;
};

/** `aheadMs`: the clock's lead when `dueAt` was computed; if it grew since, the wall clock was set back. */
type State = { dueAt: number; aheadMs: number; isRunning: boolean };

/** The lease must end before the job is due again, even if clocks differ a little. */
const leaseShare = 0.9;
const leaseOfTime = seconds(300);

/** Starts jobs when they are due; `tick` is called about once a second. */
export class Timetable {
  readonly #options: TimetableOptions;
  readonly #states = new Map<string, State>();

  constructor(options: TimetableOptions) {
    this.#options = options;
  }

  /** Starts the jobs that are due and forgets those no longer listed; running ones continue. */
  tick(jobs: readonly TimedJob[]): void {
    const names = new Set(jobs.map(({ name }) => name));
    for (const name of this.#states.keys()) if (!names.has(name)) this.#states.delete(name);
    for (const job of jobs) this.#look(job);
  }

  #look(job: TimedJob): void {
    const state = this.#states.get(job.name);
    if (state === undefined) {
      this.#states.set(job.name, { ...this.#next(job.when), isRunning: false });
      return;
    }
    // `dueAt` was computed by a wrong wall clock.
    if (job.when.kind !== 'every' && state.aheadMs < this.#aheadMs())
      Object.assign(state, this.#next(job.when));
    if (state.isRunning || this.#now(job.when) < state.dueAt) return;
    Object.assign(state, this.#next(job.when));
    state.isRunning = true;
    void this.#run(job).finally(() => {
      state.isRunning = false;
    });
  }

  async #run(job: TimedJob): Promise<void> {
    const { lease, onError } = this.#options;
    try {
      const duration = job.when.kind === 'every' ? seconds(job.when.every * leaseShare) : leaseOfTime;
      if (!job.isShared || (await lease.acquire(job.name, duration))) await job.run();
    } catch (error) {
      onError(error, job.name);
    }
  }

  /** Intervals use the monotonic clock, times of day the wall clock. */
  #now(when: When): number {
    const { clock } = this.#options;
    return when.kind === 'every' ? clock.monotonicMs() : wallTime(clock, clock.now());
  }

  #next(when: When): Pick<State, 'dueAt' | 'aheadMs'> {
    const now = this.#now(when);
    const dueAt = when.kind === 'every' ? now + when.every * 1000 : nextTime(when, epochMs(now));
    return { dueAt, aheadMs: this.#aheadMs() };
  }

  #aheadMs(): number {
    return this.#options.clock.aheadMs?.() ?? 0;
  }
}
