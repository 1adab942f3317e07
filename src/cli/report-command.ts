/** `shelflife report`: the trend report of a running proxy, as text, JSON, Markdown or an HTML page. */

import { type Command, Option } from 'commander';
import { getControl, withControlOption } from './control-client.ts';
import { fail, printJson } from './output.ts';

type Options = {
  readonly control: string;
  readonly period: string;
  readonly format: string;
  readonly json?: true;
};

/** Adds the command. */
export function addReport(program: Command): void {
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
  withControlOption(command).action(reportCommand);
}

async function reportCommand({ control, period, format, json }: Options): Promise<void> {
  const wanted = json === true ? 'json' : format;
  const answer = await getControl(control, `/api/cache/report?period=${period}&format=${wanted}`);
  if (answer.kind !== 'ok') fail(answer.message);
  else if (typeof answer.body === 'string') process.stdout.write(answer.body);
  else printJson(answer.body);
}
