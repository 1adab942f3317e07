/** `shelflife report`: the trend report of a running proxy, as text, JSON, Markdown or an HTML page. */

import { type Command, Option } from 'commander';
import { controlOf, getControl, withControlOption } from './control-client.ts';
import type { Terminal } from './terminal.ts';

type Options = {
  readonly control: string;
  readonly period: string;
  readonly format: string;
  readonly json?: true;
};

/** Adds the command. */
export function addReport(program: Command, terminal: Terminal): void {
  const command = program
    .command('report')
    .description('the trend report: a day or a week, compared with the one before and with the targets')
    .addOption(new Option('--period <period>', 'the period covered').choices(['day', 'week']).default('week'))
    .addOption(
      new Option('--format <format>', 'the output format')
        .choices(['text', 'json', 'html', 'markdown'])
        .default('text'),
    )
    .option('--json', 'the same as --format json');
  withControlOption(command).action((options: Options) => reportCommand(terminal, options));
}

async function reportCommand(terminal: Terminal, options: Options): Promise<void> {
  const { period, format, json } = options;
  const wanted = json === true ? 'json' : format;
  const answer = await getControl(
    controlOf(terminal, options),
    `/api/cache/report?period=${period}&format=${wanted}`,
  );
  if (answer.kind !== 'ok') terminal.fail(answer.message);
  else if (typeof answer.body === 'string') terminal.stdout.write(answer.body);
  else terminal.printJson(answer.body);
}
