/**
 * The command line as commander knows it. Help, completions and the manual page are made from this tree.
 *
 * A command is a file in this folder with a function that adds it; to add one, list it here.
 */

import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addCheck } from './check.ts';
import { addCompletion } from './completion-command.ts';
import { addExplain } from './explain.ts';
import { addFollow } from './follow/follow-command.ts';
import { addPurge } from './purge.ts';
import { addReport } from './report-command.ts';
import { addServe } from './serve.ts';
import { addTest } from './test-command.ts';
import { addTop } from './top-command.ts';
import { addWarm } from './warm-command.ts';

const commands: readonly ((program: Command) => void)[] = [
  addServe,
  addCheck,
  addExplain,
  addPurge,
  addWarm,
  addTest,
  addFollow,
  addTop,
  addReport,
  addCompletion,
];

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};

/** What `--help` and the manual page show. */
export const examples: readonly { readonly does: string; readonly line: string }[] = [
  { does: 'put the proxy in front of an app', line: 'shelflife serve --upstream http://127.0.0.1:5000' },
  { does: 'the same with rules', line: 'shelflife serve -c rules.yaml' },
  { does: 'find the mistakes in the rules', line: 'shelflife check rules.yaml' },
  { does: 'why is this page not stored?', line: 'shelflife explain GET /api/files -c rules.yaml' },
  { does: 'remove what a script has changed', line: 'shelflife purge --tag files:1003' },
  { does: 'complete commands in this shell', line: 'source <(shelflife completion bash)' },
];

/** The program with every command. */
export function createProgram(): Command {
  const program = new Command('shelflife')
    .description('A caching reverse proxy that stands in front of an unmodified web app')
    .version(manifest.version)
    .showHelpAfterError('(--help says more)')
    .addHelpText('after', ['', 'Examples:', ...examples.flatMap(exampleLines)].join('\n'));
  for (const add of commands) add(program);
  return program;
}

const exampleLines = ({ does, line }: (typeof examples)[number]): readonly string[] => [
  `  # ${does}`,
  `  ${line}`,
];
