/**
 * `shelflife top`: a live view of a running proxy, redrawn every two seconds until q or Ctrl-C.
 *
 * Promises: the terminal is restored, however this ends. Where stdout is not a terminal, it prints one screen of plain
 * text.
 */

import type { Command } from 'commander';
import { type Control, controlOf, getControl, withControlOption } from './control-client.ts';
import type { Terminal } from './terminal.ts';
import { endsTop, isOverview, type Overview, screenLines, sizeOf } from './top-screen.ts';

type Options = { readonly control: string; readonly once?: true; readonly json?: true };

const everyMs = 2000;

const screen = {
  enter: '\x1b[?1049h\x1b[?25l',
  leave: '\x1b[?25h\x1b[?1049l',
  home: '\x1b[H',
  clearLine: '\x1b[K',
  clearBelow: '\x1b[J',
};

/** Adds the command. */
export function addTop(program: Command, terminal: Terminal): void {
  const command = program
    .command('top')
    .description('hit rate, requests, content types, hottest keys and causes of misses, live')
    .option('--once', 'print one screen and exit')
    .option('--json', 'with --once: all the numbers as JSON');
  withControlOption(command).action((options: Options) => topCommand(terminal, options));
}

async function topCommand(terminal: Terminal, options: Options): Promise<void> {
  const { once, json } = options;
  const control = controlOf(terminal, options);
  const first = await overviewOf(control);
  if (first.kind !== 'ok') {
    terminal.fail(first.message);
    return;
  }
  if (json === true) terminal.printJson(first.overview);
  else if (once === true || terminal.stdout.isTTY !== true)
    terminal.print(...screenLines(first.overview, { control: control.url, columns: 120, rows: 60 }));
  else await live(control, first.overview);
}

type Answer =
  | { readonly kind: 'ok'; readonly overview: Overview }
  | { readonly kind: 'failed'; readonly message: string };

async function overviewOf(control: Control): Promise<Answer> {
  const answer = await getControl(control, '/api/cache/overview');
  if (answer.kind !== 'ok') return { kind: 'failed', message: answer.message };
  if (!isOverview(answer.body)) return { kind: 'failed', message: 'this is not the answer of a control API' };
  return { kind: 'ok', overview: answer.body };
}

/** Redraws until stopped. While the proxy is away, it keeps asking. */
async function live(control: Control, first: Overview): Promise<void> {
  const { stdin, stdout } = process;
  let shown: Overview = first;
  let problem = '';
  const draw = (): void => {
    const { columns, rows } = sizeOf(stdout);
    const lines = screenLines(shown, { control: control.url, columns, rows: rows - 1 });
    const text = [...lines, problem.slice(0, columns)].map((line) => line + screen.clearLine).join('\n');
    stdout.write(screen.home + text + screen.clearBelow);
  };
  const stopped = Promise.withResolvers<undefined>();
  const stop = (): void => {
    stopped.resolve(undefined);
  };
  const onKey = (keys: Buffer): void => {
    if (endsTop(keys.toString('latin1'))) stop();
  };
  const leave = (): void => void stdout.write(screen.leave);
  stdout.write(screen.enter);
  process.once('exit', leave);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop);
  stdout.on('resize', draw);
  if (stdin.isTTY) stdin.setRawMode(true);
  stdin.on('data', onKey).resume();
  draw();
  const timer = setInterval(() => {
    void overviewOf(control).then((answer) => {
      problem = answer.kind === 'ok' ? '' : answer.message;
      if (answer.kind === 'ok') shown = answer.overview;
      draw();
    });
  }, everyMs);
  await stopped.promise;
  clearInterval(timer);
  stdout.off('resize', draw);
  if (stdin.isTTY) stdin.setRawMode(false);
  stdin.off('data', onKey).pause();
  process.off('exit', leave);
  leave();
}
