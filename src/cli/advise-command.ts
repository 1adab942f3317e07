/** `shelflife advise`: what the running proxy would change in its rules, why, and by how much. */

import type { Command } from 'commander';
import { tableLines } from '../kit/table.ts';
import type { AdviceReport, ChangeView, LifetimeAdvice, ShareView } from '../trust/advice/advice.ts';
import { withControlOption } from './control-client.ts';
import { percent } from './shadow-command.ts';
import { showAnswer, type ShowOptions } from './show-answer.ts';

/** Adds the command. */
export function addAdvise(program: Command): void {
  const command = program
    .command('advise')
    .description(
      'what the traffic seen speaks for changing in the rules, each with its evidence and its YAML',
    )
    .option('--json', 'all the numbers as JSON');
  withControlOption(command).action(adviseCommand);
}

const adviseCommand = (options: ShowOptions): Promise<void> =>
  showAnswer(options, { path: '/api/cache/advice', isAnswer: isAdviceReport, linesOf: reportLines });

const isAdviceReport = (body: unknown): body is AdviceReport =>
  typeof body === 'object' && body !== null && 'advices' in body && 'intervals' in body;

function reportLines({ since, intervals, advices }: AdviceReport): string[] {
  const seen = `seen since ${since}: ${intervals} times the same page twice`;
  if (advices.length === 0) return [seen, 'no advice: the rules fit what was seen, or too little was seen'];
  return [seen, ...advices.flatMap((advice) => ['', ...adviceLines(advice)])];
}

function adviceLines({ id, kind, type, from, to, evidence }: LifetimeAdvice): string[] {
  const { fetches_saved_per_day: saved, origin_seconds_saved_per_day: time } = evidence;
  const cost = saved >= 0 ? 'saves the app' : 'costs the app';
  const words = { longer: 'may live', shorter: 'must live no longer than' };
  return [
    `${id}: copies of ${type} ${words[kind]} ${to} instead of ${from}`,
    `  ${cost} ${Math.abs(saved)} requests a day (${Math.abs(time).toFixed(1)} s of its time)`,
    `  stale hits: ${shareText(evidence.stale_now)} now, ${shareText(evidence.stale_then)} then`,
    `  ${evidence.changed} changes at ${evidence.moments} times or more, in ${evidence.intervals} intervals over ${hoursText(evidence.observed_seconds)}`,
    ...tableLines([...evidence.routes, ...evidence.hours].map(changeCells)).map((line) => `  ${line}`),
    ...yamlOf({ type, from, to }),
  ];
}

const shareText = ({ share, interval: [low, high] }: ShareView): string =>
  `${percent(share)} (${percent(low)} – ${percent(high)})`;

const hoursText = (seconds: number): string => `${(seconds / 3600).toFixed(1)} h`;

const changeCells = ({ name, intervals, changed, changes }: ChangeView): string[] => [
  name,
  `${changed} of ${intervals}`,
  `${numberText(changes.per_day)} changes a day (${numberText(changes.interval[0])} – ${numberText(changes.interval[1])})`,
];

const numberText = (value: number | null): string =>
  value === null ? '∞' : value.toFixed(value < 10 ? 1 : 0);

const yamlOf = ({ type, from, to }: Pick<LifetimeAdvice, 'type' | 'from' | 'to'>): string[] => [
  '  content_types:',
  `    ${type}:`,
  `      ttl: ${to}    # was ${from}`,
];
