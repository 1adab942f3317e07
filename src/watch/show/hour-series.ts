/** The points of the dashboard's charts for days that are over, made of the report's hours (pure). */

import { rounded } from '../../kit/figures.ts';
import type { EpochMs } from '../../kit/time.ts';
import { type Hour, hourMs } from '../count/rollup.ts';
import { type Quantity, share } from '../count/tally.ts';
import type { Series } from './summary.ts';

/** One point for each hour with data, at its end. Counts are per second, as in the live charts; sizes are the hour's peaks. */
export function hourSeries(hours: readonly Hour[], now: EpochMs): Series {
  const steps = hours.map((hour) => ({ hour, end: Math.min(hour.hour + hourMs, now) }));
  const column = <T>(pick: (hour: Hour, seconds: number) => T): T[] =>
    steps.map(({ hour, end }) => pick(hour, Math.max(1, (end - hour.hour) / 1000)));
  const perSecond = (name: Quantity): number[] =>
    column((hour, seconds) => rounded(count(hour, name) / seconds, 3));
  return {
    at: steps.map(({ end }) => end / 1000),
    hit_rate: column((hour) => ratio(count(hour, 'hits'), count(hour, 'hits') + count(hour, 'misses'))),
    hits: perSecond('hits'),
    misses: column((hour, seconds) => rounded((count(hour, 'misses') - count(hour, 'passes')) / seconds, 3)),
    passes: perSecond('passes'),
    writes: perSecond('writes'),
    hit_ms: column((hour) => meanMs(count(hour, 'hitSeconds'), count(hour, 'hits'))),
    origin_ms: column((hour) => meanMs(count(hour, 'originSeconds'), count(hour, 'originRequests'))),
    store_bytes: column(({ peaks }) => peaks['storeBytes'] ?? 0),
    resident_bytes: column(({ peaks }) => peaks['residentBytes'] ?? 0),
  };
}

const count = ({ counts }: Hour, name: Quantity): number => counts[name] ?? 0;
const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : share(part, whole));
const meanMs = (sum: number, of: number): number | null => (of === 0 ? null : rounded((sum / of) * 1000, 3));
