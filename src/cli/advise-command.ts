/** `shelflife advise`: what the running proxy would change in its rules, why, and by how much. */

import type { Command } from 'commander';
import { tableLines } from '../kit/table.ts';
import type { AdviceReport, AdviceView, ChangeView } from '../trust/advice/advice.ts';
import { applyAdvices } from './apply-advice.ts';
import { getControl, withControlOption } from './control-client.ts';
import { collect, fail, print, printable } from './output.ts';
import { reasonOf } from './pem-files.ts';
import { contentOf, replaceFiles } from './replace-files.ts';
import { showAnswer, type ShowOptions } from './show-answer.ts';
import { exampleFileOf } from './test-command.ts';

/** Adds the command. */
export function addAdvise(program: Command): void {
  const command = program
    .command('advise')
    .description('show changes to the rules that the traffic suggests, each with its evidence and its YAML')
    .option('--write <file>', 'write the advice into this rules file, and an example of each into its tests')
    .option('--only <id>', 'only the advice with this id; may be repeated', collect)
    .option('--json', 'all the numbers as JSON');
  withControlOption(command).action(adviseCommand);
}

type Options = ShowOptions & { readonly write?: string; readonly only?: readonly string[] };

async function adviseCommand({ write, only = [], ...options }: Options): Promise<void> {
  if (write === undefined) {
    const shown = (report: AdviceReport): string[] =>
      reportLines(only.length === 0 ? report : picked(report, only));
    await showAnswer(options, { path, isAnswer: isAdviceReport, linesOf: shown });
    return;
  }
  const answer = await getControl(options.control, path);
  if (answer.kind !== 'ok') fail(answer.message);
  else if (!isAdviceReport(answer.body)) fail('this is not the answer of a control API');
  else await writeAdvices(write, only.length === 0 ? answer.body : picked(answer.body, only));
}

const path = '/api/cache/advice';

const picked = (report: AdviceReport, only: readonly string[]): AdviceReport => ({
  ...report,
  advices: report.advices.filter(({ id }) => only.includes(id)),
});

async function writeAdvices(file: string, { advices }: AdviceReport): Promise<void> {
  const tests = exampleFileOf(file);
  try {
    const [before, testsBefore] = [await contentOf(file), await contentOf(tests)];
    if (before === undefined) fail(`${file} does not exist`);
    else if (advices.length === 0) fail('there is no advice to write');
    else {
      const files = { rules: { file, text: before }, tests: { file: tests, text: testsBefore } };
      const applied = await applyAdvices(files, advices);
      if (applied.kind === 'refused') fail(`nothing is written: ${applied.lines.join('\n')}`);
      else await replaceBoth(applied, files, advices);
    }
  } catch (error) {
    fail(`nothing is written: ${reasonOf(error)}`);
  }
}

async function replaceBoth(
  applied: Extract<Awaited<ReturnType<typeof applyAdvices>>, { kind: 'ok' }>,
  { rules, tests }: Parameters<typeof applyAdvices>[0],
  advices: AdviceReport['advices'],
): Promise<void> {
  const changed = await replaceFiles([
    { file: tests.file, known: tests.text, content: applied.tests },
    { file: rules.file, known: rules.text, content: applied.rules },
  ]);
  if (changed !== undefined) fail(`nothing is written: ${changed} was changed by somebody else meanwhile`);
  else
    print(...advices.map(({ id }) => printable(`${id} is in ${rules.file}, its example in ${tests.file}`)));
}

const isAdviceReport = (body: unknown): body is AdviceReport =>
  typeof body === 'object' && body !== null && 'advices' in body && 'intervals' in body;

function reportLines({ since, intervals, advices }: AdviceReport): string[] {
  const seen = `seen since ${since}: ${intervals} times the same page twice`;
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
