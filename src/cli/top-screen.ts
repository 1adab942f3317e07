/**
 * What `shelflife top` draws, as lines that fit the terminal.
 *
 * Promise: text from URLs and names never reaches the terminal as a control sequence.
 */

import { tableLines } from '../kit/table.ts';
import { printable } from './terminal.ts';

export type Overview = {
  readonly metrics: {
    readonly hit_rate: number;
    readonly total_hits: number;
    readonly total_misses: number;
    readonly avg_response_time: number;
    readonly cache_size: string;
    readonly cache_entries: number;
    readonly uptime_seconds: number;
    readonly redis: { readonly redis: string; readonly breaker: string };
    readonly origin: { readonly requests: number; readonly errors: number; readonly mean_ms: number };
    readonly saved: { readonly origin_seconds: number };
    readonly types: Readonly<Record<string, TypeLine>>;
  };
  readonly series: Readonly<Record<'hits' | 'misses' | 'passes' | 'writes', readonly number[]>>;
  readonly misses: {
    readonly reasons: readonly { readonly reason: string; readonly count: number; readonly share: number }[];
  };
  readonly hot: readonly { readonly url: string; readonly type: string; readonly hits: number }[];
  readonly alerts: { readonly firing: readonly { readonly text: string }[] };
};

type TypeLine = {
  readonly requests: number;
  readonly hit_rate: number;
  readonly ttl: number | null;
  readonly mean_hit_ms: number;
  readonly mean_miss_ms: number;
};

export type Terminal = { readonly control: string; readonly columns: number; readonly rows: number };

/** The size of a terminal; 0 means unknown. */
export const sizeOf = ({ columns, rows }: { readonly columns: number; readonly rows: number }) => ({
  columns: columns > 0 ? columns : 80,
  rows: rows > 0 ? rows : 24,
});

/** Whether the keys mean quit: q, Ctrl-C, Ctrl-D, or Escape alone (arrow keys begin with Escape). */
export const endsTop = (keys: string): boolean => keys === '\x1b' || /^[^\x1b]*[qQ\x03\x04]/.test(keys);

/** Whether an answer has the parts of an overview. */
export function isOverview(body: unknown): body is Overview {
  return (
    typeof body === 'object' &&
    body !== null &&
    ['metrics', 'series', 'misses', 'hot', 'alerts'].every((part) => part in body)
  );
}

/** The screen: at most `rows` lines of at most `columns` characters. */
export function screenLines(overview: Overview, { control, columns, rows }: Terminal): string[] {
  const head = [...headLines(overview, control).flatMap((parts) => filled(parts, columns)), ''];
  const room = Math.max(4, rows - head.length - 8);
  const share = Math.max(2, Math.floor(room / 3));
  const { metrics, hot, misses } = overview;
  const types = Object.entries(metrics.types).map(([name, line]) => typeRow(name, line));
  const causes = misses.reasons.map(({ reason, count, share: part }) => [
    reason,
    String(count),
    percent(part),
  ]);
  const keys = hot.map(({ url, type, hits }) => [String(hits), type, url]);
  const lines = [
    ...head,
    ...tableLines([['type', 'requests', 'hit rate', 'ttl', 'hit ms', 'miss ms'], ...types.slice(0, share)]),
    '',
    ...tableLines([['cause of misses', 'count', 'share'], ...causes.slice(0, share)]),
    '',
    ...tableLines([['hits', 'type', 'hottest keys'], ...keys.slice(0, Math.max(share, room - 2 * share))]),
  ];
  return lines.slice(0, rows).map((line) => printable(line).slice(0, columns));
}

function headLines({ metrics, series, alerts }: Overview, control: string): string[][] {
  const { origin, redis } = metrics;
  const last = (name: keyof Overview['series']): number => series[name].at(-1) ?? 0;
  const rate = last('hits') + last('misses') + last('passes') + last('writes');
  const trouble = `(${origin.errors} errors, mean ${origin.mean_ms.toFixed(1)} ms)`;
  return [
    [`shelflife top  ${control}`, `up ${span(metrics.uptime_seconds)}`],
    [
      `hit rate ${percent(metrics.hit_rate)} of the last 100`,
      `${rate.toFixed(1)} requests/s`,
      `mean ${metrics.avg_response_time.toFixed(2)} ms`,
    ],
    [
      `hits ${metrics.total_hits}`,
      `misses ${metrics.total_misses}`,
      `origin ${origin.requests} ${trouble}`,
      `saved ${span(metrics.saved.origin_seconds)}`,
    ],
    [
      `cache ${metrics.cache_size} in ${metrics.cache_entries} responses`,
      `redis ${redis.redis}, breaker ${redis.breaker}`,
    ],
    ...alerts.firing.map(({ text }) => [`! ${text}`]),
  ];
}

/** Parts on as few lines as possible, none split. */
function filled(parts: readonly string[], columns: number): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const longer = `${lines.at(-1) ?? ''}${between}${part}`;
    if (lines.length > 0 && longer.length <= columns) lines.splice(-1, 1, longer);
    else lines.push(part);
  }
  return lines;
}

const between = '  ·  ';

const typeRow = (name: string, line: TypeLine): string[] => [
  name,
  String(line.requests),
  percent(line.hit_rate),
  line.ttl === null ? '-' : span(line.ttl),
  line.mean_hit_ms.toFixed(2),
  line.mean_miss_ms.toFixed(1),
];

const percent = (share: number): string => `${(share * 100).toFixed(1)}%`;

function span(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)}s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)}h` : `${Math.round(seconds / 86_400)}d`;
}
