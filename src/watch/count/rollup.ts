/**
 * Adds up what happened hour by hour, for five weeks, for the report.
 *
 * Promises: hours of several instances, or of a process before and after a restart, add up. Hours read back from storage are
 * checked, and invalid ones are left out.
 */

import { type EpochMs, epochMs } from '../../kit/time.ts';
import type { TypeCounts } from './counters.ts';
import { at, bucketsOf, difference, newTally, type Quantity, type Tally, timeBounds } from './tally.ts';
import { type Point, reasonsBetween } from './window.ts';

/** One hour. `peaks` are maxima; everything else is a sum. */
export type Hour = {
  readonly hour: EpochMs;
  readonly counts: Readonly<Record<string, number>>;
  readonly hitTimes: readonly number[];
  readonly missTimes: readonly number[];
  readonly reasons: Readonly<Record<string, number>>;
  readonly purges: Readonly<Record<string, number>>;
  readonly types: Table;
  /** By write rule; absent in hours that an older version wrote. */
  readonly writes?: Table;
  readonly peaks: Readonly<Record<string, number>>;
};

export const hourMs = 3_600_000;
export const keptHours = 5 * 7 * 24;
const typeQuantities = ['hits', 'misses', 'hitSeconds', 'missSeconds', 'savedSeconds'] as const;

export type RollupSource = {
  readonly types: ReadonlyMap<string, TypeCounts>;
  readonly purgesByCause: ReadonlyMap<string, number>;
  readonly writes: { readonly totals: () => ReadonlyMap<string, Numbers> };
};

/** Gathers the hours of this process. An hour that changes becomes a new object. */
export class Rollup {
  readonly #source: RollupSource;
  readonly #hours = new Map<EpochMs, Hour>();
  #last: Point;
  #types = new Map<string, Tally>();
  #purges: ReadonlyMap<string, number> = new Map();
  #writes: ReadonlyMap<string, Numbers> = new Map();

  constructor(source: RollupSource, first: Point) {
    this.#source = source;
    this.#last = first;
  }

  collect(point: Point): void {
    const hour = epochMs(Math.floor(point.at / hourMs) * hourMs);
    const { types, purgesByCause } = this.#source;
    const change = difference(point.tally, this.#last.tally);
    const typeChanges: Record<string, Record<string, number>> = {};
    for (const [name, { tally }] of types) {
      const changed = difference(tally, this.#types.get(name) ?? newTally());
      const counts = changesOf(typeQuantities.map((key) => [key, changed[at[key]] ?? 0]));
      // In most hours most types have no requests, and five weeks have many hours.
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
      writes: this.#writeChanges(),
      peaks: peaksOf(point),
    });
    this.#last = point;
  }

  #writeChanges(): Record<string, Numbers> {
    const totals = this.#source.writes.totals();
    const changes = [...totals].map(([rule, counts]) => {
      const before = this.#writes.get(rule) ?? {};
      const changed = changesOf(Object.entries(counts).map(([key, n]) => [key, n - (before[key] ?? 0)]));
      return [rule, changed] as const;
    });
    this.#writes = totals;
    return Object.fromEntries(changes.filter(([, counts]) => Object.keys(counts).length > 0));
  }

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

/** Merges hours of several sources: one for each time, for the last five weeks, the oldest first. */
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

const changesOf = (changes: Iterable<readonly [string, number]>): Record<string, number> =>
  Object.fromEntries([...changes].filter(([, count]) => count !== 0));

function peaksOf({ storeBytes, residentBytes, redisBytes }: Point): Record<string, number> {
  return { storeBytes, residentBytes, ...(redisBytes === undefined ? {} : { redisBytes }) };
}

/** Two records of one hour in one. */
export function mergeHours(a: Hour, b: Hour): Hour {
  return {
    hour: a.hour,
    counts: summed(a.counts, b.counts),
    hitTimes: a.hitTimes.map((count, index) => count + (b.hitTimes[index] ?? 0)),
    missTimes: a.missTimes.map((count, index) => count + (b.missTimes[index] ?? 0)),
    reasons: summed(a.reasons, b.reasons),
    purges: summed(a.purges, b.purges),
    types: allSummed(a.types, b.types),
    writes: allSummed(a.writes, b.writes),
    peaks: combined(a.peaks, b.peaks, Math.max),
  };
}

type Numbers = Readonly<Record<string, number>>;
type Table = Readonly<Record<string, Numbers>>;

function allSummed(a: Table = {}, b: Table = {}): Table {
  const result = new Map(Object.entries(a));
  for (const [name, counts] of Object.entries(b)) result.set(name, summed(result.get(name) ?? {}, counts));
  return Object.fromEntries(result);
}

const summed = (a: Numbers, b: Numbers): Numbers => combined(a, b, (x, y) => x + y);

function combined(a: Numbers, b: Numbers, combine: (x: number, y: number) => number): Numbers {
  const result = new Map(Object.entries(a));
  for (const [key, value] of Object.entries(b)) result.set(key, combine(result.get(key) ?? 0, value));
  return Object.fromEntries(result);
}

/** Parses stored hours; invalid ones are left out. */
export function readHours(text: string): Hour[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Truncated or overwritten: the history is lost, and the proxy goes on.
    return [];
  }
  return Array.isArray(value) ? value.filter(isHour) : [];
}

function isHour(value: unknown): value is Hour {
  if (typeof value !== 'object' || value === null) return false;
  const { hour, hitTimes, missTimes, types, writes = {}, ...rest } = value as Record<string, unknown>;
  // Counts for other bounds than ours cannot be added.
  const lists = [hitTimes, missTimes].every(
    (list) => Array.isArray(list) && list.length === timeBounds.length + 1 && list.every(Number.isFinite),
  );
  const records = ['counts', 'reasons', 'purges', 'peaks'].every((key) => isNumbers(rest[key]));
  return Number.isSafeInteger(hour) && isTable(types) && isTable(writes) && lists && records;
}

const isTable = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.values(value).every(isNumbers);
const isNumbers = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.values(value).every(Number.isFinite);
