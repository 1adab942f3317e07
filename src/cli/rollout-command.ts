/** `shelflife rollout`: how far a rollout has got, and the share that is cached from now on. */

import type { Command } from 'commander';
import { tableLines } from '../kit/table.ts';
import type { RolloutReport, RolloutView } from '../trust/rollout-report.ts';
import { controlOf, postControl, withControlOption } from './control-client.ts';
import { printable, type Terminal } from './terminal.ts';
import { showAnswer } from './show-answer.ts';

type Options = {
  readonly control: string;
  readonly type?: string;
  readonly route?: string;
  readonly json?: true;
};

/** Adds the command. */
export function addRollout(program: Command, terminal: Terminal): void {
  const command = program
    .command('rollout')
    .description(
      'show which share of people is cached, the rest being in shadow; with a percentage, change it',
    )
    .argument('[percent]', 'from 0 to 100')
    .option('--type <name>', 'the rollout of this content type')
    .option('--route <pattern>', 'the rollout of this route')
    .option('--json', 'as JSON');
  withControlOption(command).action((percent: string | undefined, options: Options) =>
    rolloutCommand(terminal, percent, options),
  );
}

async function rolloutCommand(
  terminal: Terminal,
  percent: string | undefined,
  options: Options,
): Promise<void> {
  const { control, json, type, route } = options;
  if (percent === undefined) {
    await showAnswer(
      terminal,
      { control, ...(json && { json }) },
      { path: '/api/cache/rollout', isAnswer: isReport, linesOf: reportLines },
    );
    return;
  }
  const wanted = /^\d+(\.\d+)?%?$/.test(percent) ? Number(percent.replace('%', '')) : NaN;
  if (!(wanted >= 0 && wanted <= 100)) {
    terminal.fail('the percentage must be a number from 0 to 100');
    return;
  }
  const answer = await postControl(controlOf(terminal, options), '/api/cache/rollout', {
    percent: wanted,
    type,
    route,
  });
  if (answer.kind !== 'ok') {
    terminal.fail(answer.message);
    return;
  }
  if (json === true) terminal.printJson(answer.body);
  else terminal.print(receiptText(answer.body ?? {}));
}

type Receipt = {
  readonly rollout?: string;
  readonly percent?: number;
  readonly from?: number;
  readonly kept?: boolean;
};

const receiptText = ({ rollout = '', percent = 0, from = 0, kept }: Receipt): string =>
  `rollout ${printable(rollout)}: ${percent} % are cached; before ${from} %${kept === true ? '' : '; a restart forgets this'}`;

const isReport = (body: unknown): body is RolloutReport =>
  typeof body === 'object' && body !== null && 'rollouts' in body && Array.isArray(body.rollouts);

function reportLines({ mode, rollouts }: RolloutReport): string[] {
  if (rollouts.length === 0) return ['the configuration has no rollout'];
  const lines = [
    ['rollout', 'cached', 'in the file', 'set by', 'compared', 'stale', 'answers', 'errors'],
    ...rollouts.map(rowOf),
  ];
  const whys = rollouts.flatMap(({ set, ...where }) =>
    set === null || set.why === null ? [] : [`rolled back at ${set.at}: ${nameOf(where)}: ${set.why}`],
  );
  return [...(mode === 'shadow' ? ['mode: shadow; nobody is cached'] : []), ...tableLines(lines), ...whys];
}

const nameOf = ({ scope, name }: Pick<RolloutView, 'scope' | 'name'>): string =>
  name === null ? scope : `${scope} ${name}`;

function rowOf({ percent, file_percent, set, evidence, ...where }: RolloutView): string[] {
  const seen = ['compared', 'stale', 'answers', 'errors'].map((name) => String(evidence?.[name] ?? '–'));
  return [
    nameOf(where),
    `${percent} %`,
    `${file_percent} %`,
    set === null ? 'the file' : `${set.by}, ${set.at}`,
    ...seen,
  ];
}
