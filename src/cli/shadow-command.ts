/** `shelflife shadow`: what a proxy in shadow would have given, compared with what the origin gave. */

import type { Command } from 'commander';
import { percent } from '../kit/figures.ts';
import { tableLines } from '../kit/table.ts';
import type { SharedView } from '../trust/advice/advice.ts';
import type { CountsView, ExampleView, JudgedView, ShadowReport } from '../trust/shadow-report.ts';
import { withControlOption } from './control-client.ts';
import { showAnswer, type ShowOptions } from './show-answer.ts';
import type { Terminal } from './terminal.ts';

/** Adds the command. */
export function addShadow(program: Command, terminal: Terminal): void {
  const command = program
    .command('shadow')
    .description('what a proxy in shadow would have given: predicted hits, stale copies, and why')
    .option('--json', 'all the numbers as JSON');
  withControlOption(command).action((options: ShowOptions) =>
    showAnswer(terminal, options, { path: '/api/cache/shadow', isAnswer: isReport, linesOf: reportLines }),
  );
}

const isReport = (body: unknown): body is ShadowReport =>
  typeof body === 'object' && body !== null && 'would_store' in body && 'examples' in body;

function reportLines({
  mode,
  since,
  sample,
  total,
  types,
  routes,
  patterns,
  noise,
  examples,
  same_for_all: shared,
  advice,
}: ShadowReport): string[] {
  if (total === null || since === null)
    return [`mode: ${mode}; nothing was in shadow since this configuration is in force`];
  const row = ({ name, ...counts }: CountsView & { readonly name: string }): string[] => [
    `  ${name}`,
    ...cells(counts),
  ];
  return [
    `mode: ${mode}; counted since ${since}${sample < 1 ? `, by one key of ${1 / sample}` : ''}`,
    ...tableLines([
      ['', 'reads', 'hit rate', 'saved', 'compared', 'stale', '95 %', 'noise', 'most misses'],
      ['all', ...cells(total)],
      ['types'],
      ...types.map(row),
      ['routes'],
      ...routes.slice(0, listed).map(row),
      ['URLs'],
      ...patterns.slice(0, listed).map(row),
    ]),
    ...noise.map(noiseLine),
    ...examples.flatMap(exampleLines),
    ...shared.map(sharedLine),
    ...advice.map(({ id, text }) => `advice ${id}: ${text}`),
  ];
}

/** A `user` route that gives people the same. */
function sharedLine({ type, route, people, answers, doubts, ...saved }: SharedView): string {
  const seen = `${answers} answers of ${route} (${type}) had the same bytes as another person's, ${people} people`;
  const saves = `public it would save ${saved.fetches_saved_per_day} requests a day`;
  return `${seen}; ${saves}${doubts.length === 0 ? '' : `; in doubt: ${doubts.join(', ')}`}`;
}

const listed = 20;

/** The interval of the stale share. */
export function sureText({ compared, stale_interval: [low, high] }: JudgedView): string {
  return compared === 0 ? '–' : `${percent(low)} – ${percent(high)}`;
}

/** Where a page differs each time. */
export const noiseLine = ({ pattern, at, kind }: ShadowReport['noise'][number]): string =>
  `noise: ${kind} in ${pattern} at ${at}`;

function cells(counts: CountsView): string[] {
  const { reads, hit_rate, saved_seconds, compared, stale, noise, misses } = counts;
  const [most] = Object.entries(misses);
  return [
    String(reads),
    percent(hit_rate),
    `${saved_seconds.toFixed(1)} s`,
    String(compared),
    String(stale),
    sureText(counts),
    String(noise),
    most === undefined ? '' : `${most[0]} ${most[1]}`,
  ];
}

/** A stale copy. */
export function exampleLines({ at, target, age_seconds, right_at, writes, differs }: ExampleView): string[] {
  const why = writes.map(({ method, pattern }) => `${method} ${pattern}`).join(', ');
  return [
    `stale at ${at}: ${target}, ${Math.round(age_seconds)} s old, right at ${right_at}; ${why === '' ? 'no write since' : `since then ${why}`}`,
    ...differs.flatMap((place) => [`  @ ${place.at}`, `  - ${place.copy}`, `  + ${place.now}`]),
  ];
}
