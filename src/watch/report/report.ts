/** The trend report (pure): a period, the one before it, what changed and why, and the targets. */

import { type EpochMs, epochMs } from '../../kit/time.ts';
import { hourMs, mergeHours, type Hour } from '../count/rollup.ts';
import { distributions, newTally, quantile, type Quantity, share } from '../count/tally.ts';

export type Period = 'day' | 'week';

/** One number of the report. `change` is relative, `null` when there is nothing to compare with. */
export type ReportLine = {
  readonly name: LineName;
  readonly value: number;
  readonly before: number | null;
  readonly change: number | null;
  /** The likely cause, if it changed much. */
  readonly cause: string | null;
};

export type LineName = keyof typeof measures;

/** One of the guide's targets. `met` is `null` while there is too little data. */
export type Target = {
  readonly name: 'hit_rate' | 'response_time' | 'origin_load' | 'memory';
  readonly target: number;
  readonly value: number | null;
  readonly met: boolean | null;
};

export type Ranked = {
  readonly name: string;
  readonly count: number;
  readonly share: number;
  readonly before: number;
};

export type TypeTrend = {
  readonly name: string;
  readonly requests: number;
  readonly hit_rate: number;
  readonly before: number | null;
  readonly mean_hit_ms: number;
  readonly mean_miss_ms: number;
  readonly saved_seconds: number;
};

/** What a rule's writes ended, how much of it was asked for again, and how much of that came back the same. */
export type WriteTrend = {
  readonly name: string;
  readonly ended: number;
  readonly asked_again: number;
  readonly same: number;
  readonly changed: number;
};

export type ReportPoint = {
  readonly at: string;
  readonly requests: number;
  readonly hit_rate: number | null;
  readonly origin_requests: number;
};

export type Report = {
  readonly period: Period;
  readonly from: string;
  readonly to: string;
  /** Hours with data, of those in the period. */
  readonly hours: { readonly counted: number; readonly of: number };
  /** `false`: it covers one instance only, because the counts of the others could not be read. */
  readonly complete: boolean;
  readonly lines: readonly ReportLine[];
  readonly targets: readonly Target[];
  readonly causes: readonly Ranked[];
  readonly purges: readonly Ranked[];
  readonly types: readonly TypeTrend[];
  readonly writes: readonly WriteTrend[];
  readonly advice: readonly { readonly id: string; readonly text: string }[];
  readonly points: readonly ReportPoint[];
};

const periodHours: Readonly<Record<Period, number>> = { day: 24, week: 7 * 24 };

/** Where the period that ends with the hour under way begins and ends, and where the one before it begins; at a full hour
 * with the one that is over. */
export function spanOf(
  period: Period,
  now: EpochMs,
): { readonly before: EpochMs; readonly from: EpochMs; readonly end: EpochMs } {
  const length = periodHours[period] * hourMs;
  const end = Math.ceil(now / hourMs) * hourMs;
  return { before: epochMs(end - 2 * length), from: epochMs(end - length), end: epochMs(end) };
}

export type ReportInput = {
  readonly period: Period;
  readonly now: EpochMs;
  /** `false`: the counts of other instances could not be read. */
  readonly complete?: boolean;
  readonly advice?: Report['advice'];
};

/** The report of the period that ends at `now`. Hours may be in any order, each once. */
export function buildReport(
  hours: readonly Hour[],
  { period, now, complete = true, advice = [] }: ReportInput,
): Report {
  const { before: start, from, end } = spanOf(period, now);
  const within = (first: number, last: number): Hour[] =>
    hours.filter(({ hour }) => hour >= first && hour < last);
  const own = within(from, end);
  const [current, before] = [merged(own), merged(within(start, from))];
  return {
    period,
    from: new Date(from).toISOString(),
    to: new Date(Math.min(end, now)).toISOString(),
    hours: { counted: own.length, of: periodHours[period] },
    complete,
    lines: (Object.keys(measures) as LineName[]).map((name) => lineOf(name, current, before)),
    targets: targetsOf(current),
    causes: ranked(current?.reasons, before?.reasons),
    purges: ranked(current?.purges, before?.purges),
    types: typesOf(current, before),
    writes: writesOf(current),
    advice,
    points: pointsOf(own, { from, period }),
  };
}

function merged(hours: readonly Hour[]): Hour | undefined {
  const [first, ...rest] = hours;
  return first && rest.reduce(mergeHours, first);
}

const count = ({ counts }: Hour, quantity: Quantity): number => counts[quantity] ?? 0;
const reads = (hour: Hour): number => count(hour, 'hits') + count(hour, 'misses');
const ms = (value: number): number => Math.round(value * 1e6) / 1e3;

function p95(hour: Hour, name: 'hitTimes' | 'missTimes'): number {
  const tally = newTally();
  tally.set(hour[name].slice(0, distributions[name].bounds.length + 1), distributions[name].start);
  return ms(quantile(tally, name, 0.95) ?? 0);
}

/** The lines. Times in milliseconds, `hit_rate` as a share, sizes in bytes. */
const measures = {
  hit_rate: (hour: Hour): number => share(count(hour, 'hits'), reads(hour)),
  requests: (hour: Hour): number => reads(hour) + count(hour, 'writes'),
  mean_hit_ms: (hour: Hour): number => ms(share(count(hour, 'hitSeconds'), count(hour, 'hits'))),
  p95_hit_ms: (hour: Hour): number => p95(hour, 'hitTimes'),
  mean_miss_ms: (hour: Hour): number => ms(share(count(hour, 'missSeconds'), count(hour, 'misses'))),
  p95_miss_ms: (hour: Hour): number => p95(hour, 'missTimes'),
  origin_requests: (hour: Hour): number => count(hour, 'originRequests'),
  origin_requests_avoided: (hour: Hour): number => count(hour, 'hits') + count(hour, 'collapsed'),
  origin_seconds_saved: (hour: Hour): number => Math.round(count(hour, 'savedSeconds') * 10) / 10,
  origin_errors: (hour: Hour): number => count(hour, 'originErrors'),
  stale_hits: (hour: Hour): number => count(hour, 'staleHits'),
  stand_ins: (hour: Hour): number => count(hour, 'standIns'),
  audited: (hour: Hour): number => count(hour, 'audited'),
  audited_stale: (hour: Hour): number => count(hour, 'auditedStale'),
  purges: (hour: Hour): number => count(hour, 'purges'),
  memory_peak: (hour: Hour): number => hour.peaks['residentBytes'] ?? 0,
  store_peak: (hour: Hour): number => hour.peaks['storeBytes'] ?? 0,
  redis_peak: (hour: Hour): number => hour.peaks['redisBytes'] ?? 0,
} as const;

function lineOf(name: LineName, current: Hour | undefined, before: Hour | undefined): ReportLine {
  const measure = measures[name];
  const value = current === undefined ? 0 : measure(current);
  const previous = before === undefined ? null : measure(before);
  const change = previous === null || previous === 0 ? null : (value - previous) / previous;
  const isMuch = change !== null && Math.abs(change) >= 0.1;
  const cause =
    isMuch && current !== undefined && before !== undefined ? causeOf(name, current, before) : null;
  return { name, value, before: previous, change, cause };
}

/** The likely cause of a change: the reason of misses or purges whose share of all requests moved most. */
function causeOf(name: LineName, current: Hour, before: Hour): string | null {
  const ofReads = (hour: Hour, key: string): number => share(hour.reasons[key] ?? 0, reads(hour));
  const ofPurges = (hour: Hour, key: string): number => hour.purges[key] ?? 0;
  if (name === 'purges') return mover({ current, before, of: ofPurges, keys: 'purges', isShare: false });
  if (
    name === 'hit_rate' ||
    name === 'origin_requests' ||
    name === 'origin_seconds_saved' ||
    name === 'origin_requests_avoided'
  ) {
    return mover({ current, before, of: ofReads, keys: 'reasons', isShare: true });
  }
  if (name === 'mean_miss_ms' || name === 'p95_miss_ms') {
    const latency = (hour: Hour): number =>
      ms(share(count(hour, 'originSeconds'), count(hour, 'originRequests')));
    return `the origin took ${latency(before)} ms on average, now ${latency(current)} ms`;
  }
  return null;
}

type MoverInput = {
  readonly current: Hour;
  readonly before: Hour;
  readonly of: (hour: Hour, key: string) => number;
  readonly keys: 'reasons' | 'purges';
  readonly isShare: boolean;
};

function mover({ current, before, of, keys, isShare }: MoverInput): string | null {
  const names = new Set([...Object.keys(current[keys]), ...Object.keys(before[keys])]);
  const moved = [...names].map((name) => ({ name, from: of(before, name), to: of(current, name) }));
  const most = moved.sort((a, b) => Math.abs(b.to - b.from) - Math.abs(a.to - a.from))[0];
  if (most === undefined || most.to === most.from) return null;
  const shown = (value: number): string =>
    isShare ? `${(value * 100).toFixed(1)} % of requests` : `${value}`;
  return `${most.name}: ${shown(most.from)}, now ${shown(most.to)}`;
}

/** The guide's targets: over 80 % hits, response time down 70 %, origin load down 60 %, memory under 500 MB. */
function targetsOf(current: Hour | undefined): Target[] {
  const asked = current === undefined ? 0 : reads(current);
  const withHour = (measure: (hour: Hour) => number | null): number | null =>
    current === undefined || asked === 0 ? null : measure(current);
  const hits = withHour((hour) => measures.hit_rate(hour));
  // Without the cache every read would take as long as a miss.
  const faster = withHour((hour) => {
    const miss = share(count(hour, 'missSeconds'), count(hour, 'misses'));
    const mean = share(count(hour, 'hitSeconds') + count(hour, 'missSeconds'), reads(hour));
    return miss === 0 ? null : 1 - mean / miss;
  });
  const lighter = withHour((hour) => {
    const avoided = measures.origin_requests_avoided(hour);
    return share(avoided, avoided + count(hour, 'originRequests'));
  });
  const memory = withHour((hour) => hour.peaks['redisBytes'] ?? hour.peaks['storeBytes'] ?? 0);
  const target = (name: Target['name'], bound: number, value: number | null): Target => ({
    name,
    target: bound,
    value,
    met: value === null ? null : name === 'memory' ? value < bound : value >= bound,
  });
  return [
    target('hit_rate', 0.8, hits),
    target('response_time', 0.7, faster),
    target('origin_load', 0.6, lighter),
    target('memory', 500_000_000, memory),
  ];
}

type Numbers = Readonly<Record<string, number>>;

function ranked(current: Numbers = {}, before: Numbers = {}): Ranked[] {
  const total = Object.values(current).reduce((sum, value) => sum + value, 0);
  return Object.entries(current)
    .filter(([, value]) => value > 0)
    .sort(([, a], [, b]) => b - a)
    .slice(0, 10)
    .map(([name, value]) => ({ name, count: value, share: share(value, total), before: before[name] ?? 0 }));
}

function typesOf(current: Hour | undefined, before: Hour | undefined): TypeTrend[] {
  const rate = ({ hits = 0, misses = 0 }: Numbers): number => share(hits, hits + misses);
  return Object.entries(current?.types ?? {})
    .map(([name, counts]) => {
      const { hits = 0, misses = 0, hitSeconds = 0, missSeconds = 0, savedSeconds = 0 } = counts;
      const earlier = before?.types[name];
      return {
        name,
        requests: hits + misses,
        hit_rate: rate(counts),
        before: earlier === undefined ? null : rate(earlier),
        mean_hit_ms: ms(share(hitSeconds, hits)),
        mean_miss_ms: ms(share(missSeconds, misses)),
        saved_seconds: Math.round(savedSeconds * 10) / 10,
      };
    })
    .filter(({ requests }) => requests > 0)
    .sort((a, b) => b.requests - a.requests);
}

function writesOf(current: Hour | undefined): WriteTrend[] {
  return Object.entries(current?.writes ?? {})
    .map(([name, { ended = 0, asked = 0, same = 0, changed = 0 }]) => ({
      ...{ name, ended, asked_again: asked, same, changed },
    }))
    .filter(({ ended, asked_again }) => ended + asked_again > 0)
    .sort((a, b) => b.same - a.same || b.ended - a.ended);
}

/** One point per hour for a day, one per day for a week. */
function pointsOf(hours: readonly Hour[], { from, period }: { from: number; period: Period }): ReportPoint[] {
  const step = period === 'day' ? hourMs : 24 * hourMs;
  const steps = (periodHours[period] * hourMs) / step;
  return Array.from({ length: steps }, (_, index) => {
    const start = from + index * step;
    const hour = merged(hours.filter((one) => one.hour >= start && one.hour < start + step));
    return {
      at: new Date(start).toISOString(),
      requests: hour === undefined ? 0 : measures.requests(hour),
      hit_rate: hour === undefined || reads(hour) === 0 ? null : measures.hit_rate(hour),
      origin_requests: hour === undefined ? 0 : count(hour, 'originRequests'),
    };
  });
}
