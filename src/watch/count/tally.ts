/**
 * Counters as one flat list of numbers: cheap to add to, copy and subtract.
 *
 * A running tally only grows; what happened between two instants is the difference of two copies. So a request costs a few
 * additions, and windows, charts, alerts and reports cost nothing until they are read.
 */

/** The index of each quantity. Seconds are sums. */
export const at = {
  hits: 0,
  staleHits: 1,
  /** The total staleness of stale hits and stand-ins, in seconds. */
  staleSeconds: 2,
  /** Reads that were not hits; of them, those passed, and those with a failing origin. */
  misses: 3,
  passes: 4,
  failed: 5,
  writes: 6,
  hitSeconds: 7,
  missSeconds: 8,
  /** Origin time and bytes saved by answers from the store. */
  savedSeconds: 9,
  savedBytes: 10,
  /** Answers stored, and the sum of their lifetimes. */
  stored: 11,
  lifetimeSeconds: 12,
  /** Every request to the origin, including background renewals. */
  originRequests: 13,
  originErrors: 14,
  originSeconds: 15,
  collapsed: 16,
  purges: 17,
  redisHits: 18,
  /** Of the misses, those answered with a stale response because the origin failed or was too slow. */
  standIns: 19,
  /** Hits that the audit compared with the origin, and those of them that were stale. */
  audited: 20,
  auditedStale: 21,
} as const;

export type Quantity = keyof typeof at;

/** Upper bounds of answer times, in seconds; one more bucket holds what is above. */
export const timeBounds: readonly number[] = [
  0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
  30,
];
/** Upper bounds, in seconds, of lifetimes and of staleness. */
const spanBounds: readonly number[] = [1, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 86_400];

const firstFree = 22;
const timeSize = timeBounds.length + 1;
const spanSize = spanBounds.length + 1;

export const distributions = {
  hitTimes: { start: firstFree, bounds: timeBounds },
  missTimes: { start: firstFree + timeSize, bounds: timeBounds },
  originTimes: { start: firstFree + 2 * timeSize, bounds: timeBounds },
  lifetimes: { start: firstFree + 3 * timeSize, bounds: spanBounds },
  staleness: { start: firstFree + 3 * timeSize + spanSize, bounds: spanBounds },
} as const;

export type Distribution = keyof typeof distributions;

const size = firstFree + 3 * timeSize + 2 * spanSize;

export type Tally = Float64Array;

/** All zero. */
export const newTally = (): Tally => new Float64Array(size);

/** Adds to one quantity. */
export function add(tally: Tally, index: number, amount: number): void {
  tally[index] = (tally[index] ?? 0) + amount;
}

/** Adds what another tally has counted. */
export function addAll(tally: Tally, other: Tally): void {
  for (let index = 0; index < tally.length; index += 1) add(tally, index, other[index] ?? 0);
}

/** Adds one observation to a distribution. */
export function observe(tally: Tally, name: Distribution, value: number): void {
  const { start, bounds } = distributions[name];
  let bucket = 0;
  while (bucket < bounds.length && value > (bounds[bucket] ?? 0)) bucket += 1;
  add(tally, start + bucket, 1);
}

/** Reads one quantity. */
export const get = (tally: Tally, quantity: Quantity): number => tally[at[quantity]] ?? 0;

/** The sum of several tallies. */
export function sumOf(tallies: Iterable<Tally>): Tally {
  const total = newTally();
  for (const tally of tallies) addAll(total, tally);
  return total;
}

/** What happened between two copies of one tally. */
export function difference(later: Tally, earlier: Tally): Tally {
  const change = later.slice();
  for (let index = 0; index < size; index += 1) add(change, index, -(earlier[index] ?? 0));
  return change;
}

/** The buckets of a distribution, lowest first. */
export function bucketsOf(tally: Tally, name: Distribution): readonly number[] {
  const { start, bounds } = distributions[name];
  return [...tally.subarray(start, start + bounds.length + 1)];
}

/** The value below which the share `q` lies, interpolated in its bucket; at most the highest bound; `undefined` if empty. */
export function quantile(tally: Tally, name: Distribution, q: number): number | undefined {
  const { bounds } = distributions[name];
  const buckets = bucketsOf(tally, name);
  const total = buckets.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  let before = 0;
  for (const [index, count] of buckets.entries()) {
    if (count > 0 && before + count >= q * total) {
      const low = bounds[index - 1] ?? 0;
      const high = bounds[index] ?? low;
      return low + (high - low) * Math.max(0, (q * total - before) / count);
    }
    before += count;
  }
  return bounds.at(-1);
}

/** `part` of `whole`; 0 if `whole` is 0. */
export const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

/** The share of reads answered from the store. */
export const hitRate = (tally: Tally): number =>
  share(get(tally, 'hits'), get(tally, 'hits') + get(tally, 'misses'));
