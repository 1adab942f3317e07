/**
 * What happened, hour by hour, for five weeks: what the report is made of.
 *
 * Promises: hours add up, whoever counted them: those of several instances, or of a process before and after a restart;
 * what is read back from where they are kept is checked, and what is not an hour is left out.
 */

import { type EpochMs, epochMs } from '../../kit/time.ts';
import type { TypeCounts } from './counters.ts';
import { at, bucketsOf, difference, newTally, type Quantity, type Tally, timeBounds } from './tally.ts';
import { type Point, reasonsBetween } from './window.ts';

/** One hour. Sums add up, `peaks` are the highest seen. */
export type Hour = {
  /** When it began. */
  readonly hour: EpochMs;
  readonly counts: Readonly<Record<string, number>>;
  /** How many hits and misses took how long; the bounds are `timeBounds`. */
  readonly hitTimes: readonly number[];
  readonly missTimes: readonly number[];
  readonly reasons: Readonly<Record<string, number>>;
  readonly purges: Readonly<Record<string, number>>;
  readonly types: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly peaks: Readonly<Record<string, number>>;
};

export const hourMs = 3_600_000;
/** Five weeks. */
export const keptHours = 5 * 7 * 24;
const typeQuantities = ['hits', 'misses', 'hitSeconds', 'missSeconds', 'savedSeconds'] as const;

/** What the hours are made from. */
export type RollupSource = {
  readonly types: ReadonlyMap<string, TypeCounts>;
  readonly purgesByCause: ReadonlyMap<string, number>;
};

/** Gathers the hours of this process. An hour that changes becomes another object. */
export class Rollup {
  readonly #source: RollupSource;
  readonly #hours = new Map<EpochMs, Hour>();
  #last: Point;
  #types = new Map<string, Tally>();
  #purges: ReadonlyMap<string, number> = new Map();

  constructor(source: RollupSource, first: Point) {
    this.#source = source;
    this.#last = first;
  }

  /** Adds what has happened since the last call to the hour of `point`. */
  collect(point: Point): void {
    const hour = epochMs(Math.floor(point.at / hourMs) * hourMs);
    const { types, purgesByCause } = this.#source;
    const change = difference(point.tally, this.#last.tally);
    const typeChanges: Record<string, Record<string, number>> = {};
    for (const [name, { tally }] of types) {
      const changed = difference(tally, this.#types.get(name) ?? newTally());
      const counts = changesOf(typeQuantities.map((key) => [key, changed[at[key]] ?? 0]));
      // Most types rest most hours, and five weeks are many hours.
      if (Object.keys(counts).length > 0) typeChanges[name] = counts;
      this.#types.set(name, tally.slice());
    }
    const purges = [...purgesByCause].map(
      ([cause, count]) => [cause, count - (this.#purges.get(cause) ?? 0)] as const,
    );
    this.#purges = new Map(purgesByCause);
    this.#add({
      hour,
      counts: changesOf((Object.keys(at) as Quantity[]).map((key) => [key, change[at[key]] ?? 0])),
      hitTimes: bucketsOf(change, 'hitTimes'),
      missTimes: bucketsOf(change, 'missTimes'),
      reasons: changesOf(reasonsBetween(this.#last.reasons, point.reasons)),
      purges: changesOf(purges),
      types: typeChanges,
      peaks: peaksOf(point),
    });
    this.#last = point;
  }

  /** The oldest first. */
  hours(): Hour[] {
    return inOrder(this.#hours);
  }

  #add(hour: Hour): void {
    addTo(this.#hours, hour);
    if (this.#hours.size <= keptHours) return;
    const oldest = Math.min(...this.#hours.keys());
    this.#hours.delete(epochMs(oldest));
  }
}

/** Hours, whoever counted them, as one for each time; the last five weeks' worth, the oldest first. */
export function sumHours(counted: Iterable<Hour>): Hour[] {
  const hours = new Map<EpochMs, Hour>();
  for (const hour of counted) addTo(hours, hour);
  return inOrder(hours).slice(-keptHours);
}

function addTo(hours: Map<EpochMs, Hour>, hour: Hour): void {
  const before = hours.get(hour.hour);
  hours.set(hour.hour, before === undefined ? hour : mergeHours(before, hour));
}

const inOrder = (hours: ReadonlyMap<EpochMs, Hour>): Hour[] =>
  [...hours.values()].sort((a, b) => a.hour - b.hour);

/** What is not nothing. */
const changesOf = (changes: Iterable<readonly [string, number]>): Record<string, number> =>
  Object.fromEntries([...changes].filter(([, count]) => count !== 0));

function peaksOf({ storeBytes, residentBytes, redisBytes }: Point): Record<string, number> {
  return { storeBytes, residentBytes, ...(redisBytes === undefined ? {} : { redisBytes }) };
}

/** Two records of one hour in one. */
export function mergeHours(a: Hour, b: Hour): Hour {
  const types: Record<string, Readonly<Record<string, number>>> = { ...a.types };
  for (const [name, counts] of Object.entries(b.types)) types[name] = summed(types[name] ?? {}, counts);
  return {
    hour: a.hour,
    counts: summed(a.counts, b.counts),
    hitTimes: a.hitTimes.map((count, index) => count + (b.hitTimes[index] ?? 0)),
    missTimes: a.missTimes.map((count, index) => count + (b.missTimes[index] ?? 0)),
    reasons: summed(a.reasons, b.reasons),
    purges: summed(a.purges, b.purges),
    types,
    peaks: combined(a.peaks, b.peaks, Math.max),
  };
}

type Numbers = Readonly<Record<string, number>>;

const summed = (a: Numbers, b: Numbers): Numbers => combined(a, b, (x, y) => x + y);

function combined(a: Numbers, b: Numbers, combine: (x: number, y: number) => number): Numbers {
  const result = new Map(Object.entries(a));
  for (const [key, value] of Object.entries(b)) result.set(key, combine(result.get(key) ?? 0, value));
  return Object.fromEntries(result);
}

/** The hours in a text that was kept; what is none is left out. */
export function readHours(text: string): Hour[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Cut short or overwritten: the history is lost, the proxy is not.
    return [];
  }
  return Array.isArray(value) ? value.filter(isHour) : [];
}

function isHour(value: unknown): value is Hour {
  if (typeof value !== 'object' || value === null) return false;
  const { hour, hitTimes, missTimes, types, ...rest } = value as Record<string, unknown>;
  const isTypes = typeof types === 'object' && types !== null && Object.values(types).every(isNumbers);
  // Other bounds than ours would add up to nonsense.
  const lists = [hitTimes, missTimes].every(
    (list) => Array.isArray(list) && list.length === timeBounds.length + 1 && list.every(Number.isFinite),
  );
  const records = ['counts', 'reasons', 'purges', 'peaks'].every((key) => isNumbers(rest[key]));
  return Number.isSafeInteger(hour) && isTypes && lists && records;
}

const isNumbers = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.values(value).every(Number.isFinite);
