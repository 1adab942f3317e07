/** `shelflife advise`: what the running proxy would change in its rules, why, and by how much. */

import type { Command } from 'commander';
import type { Environment } from '../config/reader/environment.ts';
import { tableLines } from '../kit/table.ts';
import type { AdviceReport, AdviceView, ChangeView } from '../trust/advice/advice.ts';
import { applyAdvices } from './apply-advice.ts';
import { controlOf, getControl, withControlOption } from './control-client.ts';
import { collect, printable, type Terminal } from './terminal.ts';
import { reasonOf } from './pem-files.ts';
import { contentOf, replaceFiles } from './replace-files.ts';
import { showAnswer, type ShowOptions } from './show-answer.ts';
import { exampleFileOf } from './test-command.ts';

/** Adds the command. */
export function addAdvise(program: Command, terminal: Terminal): void {
  const command = program
    .command('advise')
    .description('show changes to the rules that the traffic suggests, each with its evidence and its YAML')
    .option('--write <file>', 'write the advice into this rules file, and an example of each into its tests')
    .option('--only <id>', 'only the advice with this id; may be repeated', collect)
    .option('--json', 'all the numbers as JSON');
  withControlOption(command).action((options: Options) => adviseCommand(terminal, options));
}

type Options = ShowOptions & { readonly write?: string; readonly only?: readonly string[] };

async function adviseCommand(terminal: Terminal, { write, only = [], ...options }: Options): Promise<void> {
  if (write === undefined) {
    const shown = (report: AdviceReport): string[] =>
      reportLines(only.length === 0 ? report : picked(report, only));
    await showAnswer(terminal, options, { path, isAnswer: isAdviceReport, linesOf: shown });
    return;
  }
  const answer = await getControl(controlOf(terminal, options), path);
  if (answer.kind !== 'ok') terminal.fail(answer.message);
  else if (!isAdviceReport(answer.body)) terminal.fail('this is not the answer of a control API');
  else await writeAdvices(terminal, write, only.length === 0 ? answer.body : picked(answer.body, only));
}

const path = '/api/cache/advice';

const picked = (report: AdviceReport, only: readonly string[]): AdviceReport => ({
  ...report,
  advices: report.advices.filter(({ id }) => only.includes(id)),
});

async function writeAdvices(terminal: Terminal, file: string, { advices }: AdviceReport): Promise<void> {
  const tests = exampleFileOf(file);
  try {
    const refusal = await replaceBoth({ file, tests, env: terminal.env }, advices);
    if (refusal !== undefined) terminal.fail(refusal);
    else
      terminal.print(...advices.map(({ id }) => printable(`${id} is in ${file}, its example in ${tests}`)));
  } catch (error) {
    terminal.fail(`nothing is written: ${reasonOf(error)}`);
  }
}

type Target = { readonly file: string; readonly tests: string; readonly env: Environment };

/** Writes the advice into the rules and their tests; gives the reason if it writes nothing. */
async function replaceBoth(
  { file, tests, env }: Target,
  advices: AdviceReport['advices'],
): Promise<string | undefined> {
  const [before, testsBefore] = [await contentOf(file), await contentOf(tests)];
  if (before === undefined) return `${file} does not exist`;
  if (advices.length === 0) return 'there is no advice to write';
  const files = { rules: { file, text: before }, tests: { file: tests, text: testsBefore }, env };
  const applied = await applyAdvices(files, advices);
  if (applied.kind === 'refused') return `nothing is written: ${applied.lines.join('\n')}`;
  const changed = await replaceFiles([
    { file: tests, known: testsBefore, content: applied.tests },
    { file, known: before, content: applied.rules },
  ]);
  return changed && `nothing is written: ${changed} was changed by somebody else meanwhile`;
}

const isAdviceReport = (body: unknown): body is AdviceReport =>
  typeof body === 'object' && body !== null && 'advices' in body && 'intervals' in body;

function reportLines({ since, sample, intervals, advices }: AdviceReport): string[] {
  const part = sample < 1 ? `, of one page in ${Math.round(1 / sample)}` : '';
  const seen = `seen since ${since}: ${intervals} times the same page twice${part}`;
  if (advices.length === 0) return [seen, 'no advice: the rules fit what was seen, or too little was seen'];
  return [seen, ...advices.flatMap((advice) => ['', ...adviceLines(advice)])];
}

function adviceLines(advice: AdviceView): string[] {
  const { id, text, reasons, evidence, yaml } = advice;
  const changes = 'hours' in evidence ? [...evidence.routes, ...evidence.hours] : [];
  return [
    `${id}: ${text}`,
    ...[...reasons, ...tableLines(changes.map(changeCells))].map((line) => `  ${line}`),
    ...yaml.split('\n').map((line) => `    ${line}`),
  ];
}

const changeCells = ({ name, intervals, changed, changes }: ChangeView): string[] => [
  name,
  `${changed} of ${intervals}`,
  `${numberText(changes.per_day)} changes a day (${numberText(changes.interval[0])} – ${numberText(changes.interval[1])})`,
];

const numberText = (value: number | null): string =>
  value === null ? '∞' : value.toFixed(value < 10 ? 1 : 0);
