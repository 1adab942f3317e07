/** `shelflife audit`: the hits that were compared with what the origin gives. */

import type { Command } from 'commander';
import { percent } from '../kit/figures.ts';
import { tableLines } from '../kit/table.ts';
import type { AuditReport } from '../trust/audit-report.ts';
import type { JudgedView } from '../trust/shadow-report.ts';
import { withControlOption } from './control-client.ts';
import { exampleLines, noiseLine, sureText } from './shadow-command.ts';
import { showAnswer, type ShowOptions } from './show-answer.ts';
import type { Terminal } from './terminal.ts';

/** Adds the command. */
export function addAudit(program: Command, terminal: Terminal): void {
  const command = program
    .command('audit')
    .description(
      'the hits that were compared with what the origin gives: how many were stale, which, and why',
    )
    .option('--json', 'all the numbers as JSON');
  withControlOption(command).action((options: ShowOptions) =>
    showAnswer(terminal, options, { path: '/api/cache/stale', isAnswer: isReport, linesOf: reportLines }),
  );
}

const isReport = (body: unknown): body is AuditReport =>
  typeof body === 'object' && body !== null && 'sample' in body && 'ages' in body;

const advices = { shorter: 'differs often: a shorter lifetime', longer: 'never differed: could live longer' };

function reportLines(report: AuditReport): string[] {
  const { sample, since, total, types, routes, patterns, ages, noise, examples } = report;
  const row = ({ name, advice, ...counts }: AuditReport['types'][number]): string[] => [
    `  ${name}`,
    ...cells(counts),
    advice === null ? '' : advices[advice],
  ];
  const plain = ({ name, ...counts }: AuditReport['ages'][number]): string[] => [
    `  ${name}`,
    ...cells(counts),
  ];
  return [
    `${percent(sample)} of hits are compared; counted since ${since}`,
    ...tableLines([
      ['', 'compared', 'stale', '95 %', 'noise', 'advice'],
      ['all', ...cells(total)],
      ['types'],
      ...types.map(row),
      ['routes'],
      ...routes.map(row),
      ['URLs'],
      ...patterns.map(plain),
      ['share of the lifetime that was over'],
      ...ages.map(plain),
    ]),
    ...noise.map(noiseLine),
    ...examples.flatMap(exampleLines),
  ];
}

const cells = (counts: JudgedView): string[] => [
  String(counts.compared),
  String(counts.stale),
  sureText(counts),
  String(counts.noise),
];
