/** The words of a report, the same in text, Markdown and HTML. */

import type { LineName, Ranked, Report, ReportLine, Target } from './report.ts';

const lineNames: Readonly<Record<LineName, string>> = {
  hit_rate: 'Hit rate',
  requests: 'Requests',
  mean_hit_ms: 'Mean hit time',
  p95_hit_ms: 'p95 of hits',
  mean_miss_ms: 'Mean miss time',
  p95_miss_ms: 'p95 of misses',
  origin_requests: 'Origin requests',
  origin_requests_avoided: 'Origin requests avoided',
  origin_seconds_saved: 'Origin time saved',
  origin_errors: 'Origin errors',
  stale_hits: 'Stale hits',
  stand_ins: 'Stale stand-ins',
  audited: 'Audited hits',
  audited_stale: 'Audited hits, stale',
  purges: 'Purges',
  memory_peak: 'Process memory, peak',
  store_peak: 'Memory store, peak',
  redis_peak: 'Redis, peak',
};

const targetNames: Readonly<Record<Target['name'], string>> = {
  hit_rate: 'Hit rate over 80 %',
  response_time: 'Response time down by 70 %',
  origin_load: 'Origin load down by 60 %',
  memory: 'Redis (or the store) under 500 MB',
};

/** A table of the report: a title, a head, rows of text. */
export type Table = {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
};

/** `shelflife report, week of …`. */
export const titleOf = ({ period, from, to }: Report): string =>
  `shelflife, the ${period} from ${day(from)} to ${day(to)}`;

/** What is missing, if the report does not cover the whole period or all instances. */
export const coverageOf = ({ hours, complete }: Report): string =>
  [
    hours.counted === hours.of ? '' : `Counted in ${hours.counted} of ${hours.of} hours.`,
    complete ? '' : 'One instance only: the counts of the others could not be read.',
  ]
    .filter((sentence) => sentence !== '')
    .join(' ');

/** The tables of the report, the most important first. */
export function tablesOf(report: Report): Table[] {
  const { lines, targets, causes, purges, types, writes, advice } = report;
  const percentOrNone = (value: number | null): string => (value === null ? '–' : percent(value));
  const tables: Table[] = [
    {
      title: 'Targets',
      head: ['Target', 'Now', ''],
      rows: targets.map((target) => [targetNames[target.name], targetValue(target), metText(target)]),
    },
    {
      title: 'Numbers',
      head: ['', 'Now', 'Before', 'Change', 'Likely cause'],
      rows: lines.map((line) => [lineNames[line.name], ...lineCells(line)]),
    },
    rankedTable('Causes of misses', 'Misses', causes),
    {
      title: 'Content types',
      head: ['Type', 'Reads', 'Hit rate', 'Before', 'Hit', 'Miss', 'Saved'],
      rows: types.map((type) => [
        type.name,
        number(type.requests),
        percent(type.hit_rate),
        percentOrNone(type.before),
        `${type.mean_hit_ms} ms`,
        `${type.mean_miss_ms} ms`,
        `${number(type.saved_seconds)} s`,
      ]),
    },
    {
      title: 'Write rules: what they ended, and what was asked for again and had not changed',
      head: ['Rule', 'Copies ended', 'Asked again', 'Same bytes', 'Changed'],
      rows: writes.map(({ name, ended, asked_again, same, changed }) => [
        name,
        ...[ended, asked_again, same, changed].map(number),
      ]),
    },
    rankedTable('Purges', 'Purges', purges),
    {
      title: 'Advice: what could be changed in the rules, see `shelflife advise`',
      head: ['Advice', ''],
      rows: advice.map(({ id, text }) => [id, text]),
    },
  ];
  return tables.filter(({ rows }) => rows.length > 0);
}

const rankedTable = (title: string, counted: string, rows: readonly Ranked[]): Table => ({
  title,
  head: ['Cause', counted, 'Share', 'Before'],
  rows: rows.map(({ name, count, share, before }) => [name, number(count), percent(share), number(before)]),
});

function lineCells({ name, value, before, change, cause }: ReportLine): string[] {
  const sign = change !== null && change > 0 ? '+' : '';
  return [
    valueText(name, value),
    before === null ? '–' : valueText(name, before),
    change === null ? '–' : `${sign}${percent(change)}`,
    cause ?? '',
  ];
}

function valueText(name: LineName, value: number): string {
  if (name === 'hit_rate') return percent(value);
  if (name.endsWith('_ms')) return `${value} ms`;
  if (name.endsWith('_peak')) return value === 0 ? '–' : megabytes(value);
  return name === 'origin_seconds_saved' ? `${number(value)} s` : number(value);
}

const targetValue = ({ name, value }: Target): string =>
  value === null ? '–' : name === 'memory' ? megabytes(value) : percent(value);
const metText = ({ met }: Target): string => (met === null ? 'unknown' : met ? 'met' : 'not met');

/** Rounds so that there is no `-0.0 %`. */
const percent = (value: number): string => `${(Math.round(value * 1000) / 10 || 0).toFixed(1)} %`;
const number = (value: number): string => value.toLocaleString('en-US');
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
const day = (instant: string): string => instant.slice(0, 10);
