/**
 * Hours in Redis: each process writes one note per hour, and every instance reads them. Reports go into a folder, if any.
 *
 * Promises: a process writes only its own hours, so nothing is lost or counted twice, and they remain after it ends. Notes
 * that Redis refused or lost are written with the next save. A save or a report takes a few seconds at most. One instance
 * publishes a report; when Redis cannot be asked, one per folder.
 */

import { type Clock, type EpochMs, epochMs, type Seconds, seconds } from '../../kit/time.ts';
import type { JobLease } from '../../store/redis/job-lease.ts';
import type { SharedNotes } from '../../store/redis/notes.ts';
import type { HourArchive } from './hour-archive.ts';
import { type Hour, hourMs, keptHours, readHours, sumHours } from '../count/rollup.ts';

export type HourNotesOptions = {
  readonly notes: SharedNotes;
  readonly lease: JobLease;
  readonly clock: Clock;
  /** Where reports are written, if anywhere. */
  readonly folder: Pick<HourArchive, 'claim' | 'publish'> | undefined;
};

/** A process that dies loses at most this much. */
const saveEvery = seconds(10);
const settling = seconds(3);
/** Longer than any instance can be late, so that a report is not published twice. */
const claimedFor = seconds(2 * 86_400);
/** After this the rest waits for the next save. */
const limitMs = 3000;
const readAtOnce = 8;

/** The subject of an hour's notes. The number is the version of their layout. */
const subjectOf = (hour: EpochMs): string => `hour1:${hour / 1000}`;

/** Keeps hours in notes. */
export function openHourNotes(options: HourNotesOptions): HourArchive {
  const { lease, folder } = options;
  const notes = new HourNotes(options);
  return {
    saveEvery,
    settling,
    others: (from, to) => notes.others(from, to),
    save: async (own) => {
      await notes.save(own);
      notes.tend();
    },
    claim: async (name) =>
      (await lease.acquire(name, claimedFor)) && (folder === undefined || folder.claim(name)),
    publish: (name, text) => folder?.publish(name, text) ?? Promise.resolve(),
  };
}

class HourNotes {
  readonly #notes: SharedNotes;
  readonly #clock: Clock;
  /** The hours that Redis has; an hour that changes becomes a new object. */
  readonly #kept = new Map<EpochMs, Hour>();
  #tendedAt: EpochMs;
  #isTending = false;

  constructor({ notes, clock }: HourNotesOptions) {
    this.#notes = notes;
    this.#clock = clock;
    this.#tendedAt = clock.now();
  }

  async others(from: EpochMs, to: EpochMs): Promise<readonly Hour[]> {
    const inTime = this.#timer();
    const found: Hour[] = [];
    const wanted = hoursBetween(from, to);
    for (let start = 0; start < wanted.length; start += readAtOnce) {
      inTime();
      const chunk = wanted.slice(start, start + readAtOnce);
      const read = await Promise.all(chunk.map((hour) => this.#readOthers(hour)));
      found.push(...read.flat());
    }
    return sumHours(found);
  }

  async #readOthers(hour: EpochMs): Promise<Hour[]> {
    const byAuthor = [...(await this.#notes.read(subjectOf(hour)))];
    return byAuthor.flatMap(([author, text]) =>
      author === this.#notes.author ? [] : readHours(`[${text}]`),
    );
  }

  /** Newest first: if time runs out, the current hour has been saved. */
  async save(own: readonly Hour[]): Promise<void> {
    const inTime = this.#timer();
    for (const hour of own.toReversed()) {
      if (this.#kept.get(hour.hour) === hour) continue;
      inTime();
      const wasThere = await this.#write(hour);
      // Redis lost this one, so it may have lost the others as well.
      if (this.#kept.has(hour.hour) && !wasThere) this.#kept.clear();
      this.#kept.set(hour.hour, hour);
    }
    const oldest = own[0]?.hour ?? 0;
    for (const hour of this.#kept.keys()) if (hour < oldest) this.#kept.delete(hour);
  }

  /** Reads every note once an hour. That keeps Redis from evicting them as unused, and shows which of ours are gone. */
  tend(): void {
    const now = this.#clock.now();
    if (this.#isTending || now - this.#tendedAt < hourMs) return;
    this.#isTending = true;
    const end = Math.ceil(now / hourMs) * hourMs;
    void this.#lookAt(hoursBetween(epochMs(end - keptHours * hourMs), epochMs(end)))
      .catch(() => {
        // Redis is away or slow: the next hour is soon enough.
      })
      .finally(() => {
        this.#tendedAt = now;
        this.#isTending = false;
      });
  }

  async #lookAt(hours: readonly EpochMs[]): Promise<void> {
    for (const hour of hours) {
      const byAuthor = await this.#notes.read(subjectOf(hour));
      if (!byAuthor.has(this.#notes.author)) this.#kept.delete(hour);
    }
  }

  #write(hour: Hour): Promise<boolean> {
    const end = hour.hour + (keptHours + 1) * hourMs;
    const keptFor: Seconds = seconds((end - this.#clock.now()) / 1000);
    return this.#notes.write(subjectOf(hour.hour), JSON.stringify(hour), keptFor);
  }

  /** Returns a function that throws once the time is used up. */
  #timer(): () => void {
    const endMs = this.#clock.monotonicMs() + limitMs;
    return () => {
      if (this.#clock.monotonicMs() > endMs) throw new Error('Redis is too slow');
    };
  }
}

function hoursBetween(from: EpochMs, to: EpochMs): EpochMs[] {
  const first = Math.ceil(from / hourMs);
  const count = Math.max(0, Math.ceil(to / hourMs) - first);
  return Array.from({ length: count }, (_, index) => epochMs((first + index) * hourMs));
}
