/** The current numbers of `GET /api/cache/metrics` (CONTRACT §3), and the points of the dashboard's charts. */

import { rounded } from '../../kit/figures.ts';
import { type Seconds, seconds } from '../../kit/time.ts';
import { maskTarget } from '../count/mask-target.ts';
import { shortPartition } from '../../policy/identity/identity.ts';
import { difference, get, hitRate, quantile, share, type Tally } from '../count/tally.ts';
import { type TypeLine, typeTable } from './type-table.ts';
import type { RedisState } from '../../store/opened-store.ts';
import type { HotKey } from '../count/counters.ts';
import type { Watch } from '../count/watch.ts';
import type { Point } from '../count/window.ts';

/** Rates are shares, 0 to 1; `avg_response_time` is in milliseconds; totals since the start. */
export type MetricsSummary = {
  readonly hit_rate: number;
  readonly total_hits: number;
  readonly total_misses: number;
  readonly avg_response_time: number;
  readonly cache_size: string;
  readonly redis: RedisState;
  readonly types: Readonly<Record<string, TypeLine>>;
  readonly lookups: number;
  readonly total_hit_rate: number;
  readonly total_passes: number;
  readonly total_writes: number;
  readonly cache_bytes: number;
  readonly cache_entries: number;
  readonly resident_bytes: number;
  readonly uptime_seconds: number;
  readonly origin: OriginSummary;
  readonly saved: { readonly origin_seconds: number; readonly bytes: number };
  readonly stale_hits: number;
  /** Misses answered with a stale response because the origin failed or was slow. */
  readonly stand_ins: number;
  readonly purges: Readonly<Record<string, number>>;
};

export type OriginSummary = {
  readonly requests: number;
  readonly errors: number;
  readonly mean_ms: number;
  readonly p95_ms: number;
};

/** The summary. */
export function summaryOf(watch: Watch): MetricsSummary {
  const { counters, options } = watch;
  const { tally, residentBytes } = watch.now();
  const { entries, bytes } = options.store.size();
  return {
    hit_rate: counters.last.hitRate,
    total_hits: get(tally, 'hits'),
    total_misses: get(tally, 'misses'),
    avg_response_time: rounded(counters.last.meanMs, 3),
    cache_size: humanBytes(bytes),
    redis: options.redis(),
    types: typeTable(watch),
    lookups: counters.last.count,
    total_hit_rate: hitRate(tally),
    total_passes: get(tally, 'passes'),
    total_writes: get(tally, 'writes'),
    cache_bytes: bytes,
    cache_entries: entries,
    resident_bytes: residentBytes,
    uptime_seconds: Math.floor(watch.uptime),
    origin: originSummary(tally),
    saved: { origin_seconds: get(tally, 'savedSeconds'), bytes: get(tally, 'savedBytes') },
    stale_hits: get(tally, 'staleHits'),
    stand_ins: get(tally, 'standIns'),
    purges: Object.fromEntries(counters.purgesByCause),
  };
}

const ms = (value: number | undefined): number => rounded((value ?? 0) * 1000, 3);

/** The origin's side of a tally. */
function originSummary(tally: Tally): OriginSummary {
  const requests = get(tally, 'originRequests');
  const mean = share(get(tally, 'originSeconds'), requests);
  return {
    requests,
    errors: get(tally, 'originErrors'),
    mean_ms: ms(mean),
    p95_ms: ms(quantile(tally, 'originTimes', 0.95)),
  };
}

/** As Redis writes sizes: `512B`, `12.3M`. */
function humanBytes(bytes: number): string {
  const units = ['B', 'K', 'M', 'G', 'T'];
  const power = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return power === 0 ? `${bytes}B` : `${(bytes / 1024 ** power).toFixed(1)}${units[power] ?? ''}`;
}

/** The columns of a chart: `at` in epoch seconds, the others since the previous point; `null`: nothing happened. */
export type Series = {
  readonly at: readonly number[];
  readonly hit_rate: readonly (number | null)[];
  readonly hits: readonly number[];
  readonly misses: readonly number[];
  readonly passes: readonly number[];
  readonly writes: readonly number[];
  readonly hit_ms: readonly (number | null)[];
  readonly origin_ms: readonly (number | null)[];
  readonly store_bytes: readonly number[];
  readonly resident_bytes: readonly number[];
};

/** The charts' data for the last `span`. Counts are per second. */
export function seriesOf(watch: Watch, span: Seconds): Series {
  const now = watch.now();
  const points = [...watch.timeline.points(span, now.at)];
  const last = points.at(-1);
  if (last === undefined || now.at - last.at >= 500) points.push(now);
  const steps = points.slice(1).map((point, index) => stepOf(point, points[index] ?? point));
  const column = <T>(pick: (step: Step) => T): T[] => steps.map(pick);
  return {
    at: column(({ point }) => point.at / 1000),
    hit_rate: column(({ tally }) => (reads(tally) === 0 ? null : hitRate(tally))),
    hits: column(({ tally, length }) => rounded(get(tally, 'hits') / length, 3)),
    misses: column(({ tally, length }) => rounded((get(tally, 'misses') - get(tally, 'passes')) / length, 3)),
    passes: column(({ tally, length }) => rounded(get(tally, 'passes') / length, 3)),
    writes: column(({ tally, length }) => rounded(get(tally, 'writes') / length, 3)),
    hit_ms: column(({ tally }) => meanMs(get(tally, 'hitSeconds'), get(tally, 'hits'))),
    origin_ms: column(({ tally }) => meanMs(get(tally, 'originSeconds'), get(tally, 'originRequests'))),
    store_bytes: column(({ point }) => point.storeBytes),
    resident_bytes: column(({ point }) => point.residentBytes),
  };
}

type Step = { readonly point: Point; readonly tally: Tally; readonly length: Seconds };

const stepOf = (point: Point, before: Point): Step => ({
  point,
  tally: difference(point.tally, before.tally),
  length: seconds(Math.max(0.001, (point.at - before.at) / 1000)),
});

const reads = (tally: Tally): number => get(tally, 'hits') + get(tally, 'misses');
const meanMs = (sum: number, count: number): number | null =>
  count === 0 ? null : rounded((sum / count) * 1000, 3);

export type HotLine = {
  readonly url: string;
  readonly type: string;
  readonly partition: string;
  readonly hits: number;
  readonly saved_seconds: number;
};

/** The keys hit most often recently. */
export const hotKeys = ({ counters }: Watch, count: number): HotLine[] =>
  counters.hot
    .heaviest()
    .slice(0, count)
    .flatMap(({ value }) => (value === undefined ? [] : [hotLine(value)]));

const hotLine = ({ url, type, partition, hits, savedSeconds }: HotKey): HotLine => ({
  url: maskTarget(url),
  type,
  partition: shortPartition(partition),
  hits,
  saved_seconds: rounded(savedSeconds, 3),
});
