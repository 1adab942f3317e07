/** `shelflife quarantine`: the public routes that gave two people different pages, and how one is let out. */

import type { Command } from 'commander';
import { tableLines } from '../kit/table.ts';
import { controlOf, postControl, withControlOption } from './control-client.ts';
import { printable, type Terminal } from './terminal.ts';
import { showAnswer, type ShowOptions } from './show-answer.ts';

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
export function addQuarantine(program: Command, terminal: Terminal): void {
  const command = program
    .command('quarantine')
    .description('public routes that are passed because they gave two people different pages');
  const list = command.command('list').description('list them').option('--json', 'as JSON');
  withControlOption(list).action((options: ShowOptions) =>
    showAnswer(terminal, options, { path: '/api/cache/quarantine', isAnswer: isList, linesOf }),
  );
  const lift = command
    .command('lift')
    .description('cache a route again, when its rule or the app has been mended')
    .argument('<route>', 'its pattern, as `list` shows it');
  withControlOption(lift).action((route: string, options: ShowOptions) =>
    liftCommand(terminal, route, options),
  );
}

type List = { readonly routes: readonly Row[] };

const isList = (body: unknown): body is List =>
  typeof body === 'object' && body !== null && 'routes' in body && Array.isArray(body.routes);

function linesOf({ routes }: List): readonly string[] {
  if (routes.length === 0) return ['no route is in quarantine'];
  return tableLines([
    ['route', 'type', 'since', 'reason', 'seen at', 'where'],
    ...routes.map(({ route, type, at, reason, target, places }) => [
      ...[route, type, at, reason, target],
      places.join('; '),
    ]),
  ]);
}

async function liftCommand(terminal: Terminal, route: string, options: ShowOptions): Promise<void> {
  const answer = await postControl(controlOf(terminal, options), '/api/cache/quarantine/lift', { route });
  if (answer.kind !== 'ok') {
    terminal.fail(answer.message);
    return;
  }
  const { lifted } = (answer.body ?? {}) as { readonly lifted?: unknown };
  terminal.print(lifted === true ? `lifted ${printable(route)}` : `${printable(route)} is not in quarantine`);
  if (lifted !== true) terminal.exitCode = notThere;
}
