/** `shelflife quarantine`: the public routes that gave two people different pages, and how one is let out. */

import type { Command } from 'commander';
import { tableLines } from '../kit/table.ts';
import { getControl, postControl, withControlOption } from './control-client.ts';
import { fail, print, printable, printJson } from './output.ts';

type Options = { readonly control: string; readonly json?: true };

type Row = {
  readonly route: string;
  readonly type: string;
  readonly reason: string;
  readonly at: string;
  readonly target: string;
  readonly places: readonly string[];
};

const notThere = 3;

/** Adds the command. */
export function addQuarantine(program: Command): void {
  const command = program
    .command('quarantine')
    .description('public routes that are passed because they gave two people different pages');
  const list = command.command('list').description('list them').option('--json', 'as JSON');
  withControlOption(list).action(listCommand);
  const lift = command
    .command('lift')
    .description('cache a route again, when its rule or the app has been mended')
    .argument('<route>', 'its pattern, as `list` shows it');
  withControlOption(lift).action(liftCommand);
}

async function listCommand({ control, json }: Options): Promise<void> {
  const answer = await getControl(control, '/api/cache/quarantine');
  if (answer.kind !== 'ok') {
    fail(answer.message);
    return;
  }
  const { routes } = (answer.body ?? {}) as { readonly routes?: readonly Row[] };
  if (!Array.isArray(routes)) fail('this is not the answer of a control API');
  else if (json === true) printJson(answer.body);
  else if (routes.length === 0) print('no route is in quarantine');
  else print(...linesOf(routes as readonly Row[]).map(printable));
}

const linesOf = (routes: readonly Row[]): string[] =>
  tableLines([
    ['route', 'type', 'since', 'reason', 'seen at', 'where'],
    ...routes.map(({ route, type, at, reason, target, places }) => [
      ...[route, type, at, reason, target],
      places.join('; '),
    ]),
  ]);

async function liftCommand(route: string, { control }: Options): Promise<void> {
  const answer = await postControl(control, '/api/cache/quarantine/lift', { route });
  if (answer.kind !== 'ok') {
    fail(answer.message);
    return;
  }
  const { lifted } = (answer.body ?? {}) as { readonly lifted?: unknown };
  print(lifted === true ? `lifted ${printable(route)}` : `${printable(route)} is not in quarantine`);
  if (lifted !== true) process.exitCode = notThere;
}
