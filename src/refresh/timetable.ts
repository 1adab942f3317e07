/**
 * What runs every so often, or at a time of day.
 *
 * Promises: a job never overlaps itself, and runs that were missed meanwhile are made up for by one; a time of day comes once
 * on the days the clocks change as well; of several instances one runs a job that is for all (`lease.ts`).
 */

import { Cron } from 'croner';
import { type Clock, epochMs, type EpochMs, type Seconds, seconds, wallTime } from '../kit/time.ts';
import type { Lease } from './lease.ts';

/** `weekday`: 0 is Sunday; absent: every day. `minute` is of the day, 0 to 1439, as a clock in `timeZone` shows it. */
export type TimeOfDay = {
  readonly kind: 'at';
  readonly minute: number;
  readonly weekday?: number | undefined;
  readonly timeZone: string;
};
export type When = TimeOfDay | { readonly kind: 'every'; readonly every: Seconds };

export type TimedJob = {
  /** The same from one look to the next, and on all instances. */
  readonly name: string;
  readonly when: When;
  /** Whether one run is for all instances. */
  readonly isShared: boolean;
  readonly run: () => Promise<void>;
};

export type TimetableOptions = {
  readonly clock: Clock;
  readonly lease: Lease;
  readonly onError: (error: unknown, job: string) => void;
};

/** When it is that time of day next, after `from`. A time that a day leaves out comes at the end of the gap. */
export function nextTime({ minute, weekday, timeZone }: TimeOfDay, from: EpochMs): EpochMs {
  const pattern = `${minute % 60} ${Math.floor(minute / 60)} * * ${weekday ?? '*'}`;
  const next = new Cron(pattern, { timezone: timeZone, paused: true }).nextRun(new Date(from));
  if (next === null) throw new Error(`there is no ${pattern} in ${timeZone}`);
  return epochMs(next.getTime());
}

/** `aheadMs`: by it `dueAt` was found; once it has changed, the wall clock was set back. */
type State = { dueAt: number; aheadMs: number; isRunning: boolean };

/** A lease must have run out when the job is due again, also where clocks differ a little. */
const leaseShare = 0.9;
const leaseOfTime = seconds(300);

/** Begins jobs when they are due. Looks when it is told to, once a second or so. */
export class Timetable {
  readonly #options: TimetableOptions;
  readonly #states = new Map<string, State>();

  constructor(options: TimetableOptions) {
    this.#options = options;
  }

  /** Begins what is due. Jobs that are not in the list any more are forgotten; what is under way goes on. */
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
    // What was found by a clock that was wrong may be far off.
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

  /** An interval is measured by the clock that never jumps, a time of day is read from the other. */
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
