#!/usr/bin/env -S MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=131072 MALLOC_MMAP_THRESHOLD_=60000 node
/**
 * The command line: argv → command. Data goes to stdout, errors to stderr; the exit code is the command's (CONTRACT §1).
 *
 * A command is a file in cli/ with a function that adds it; to add one, list it here.
 */

import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addCheck } from './cli/check.ts';
import { addExplain } from './cli/explain.ts';
import { addFollow } from './cli/follow/follow-command.ts';
import { addPurge } from './cli/purge.ts';
import { addReport } from './cli/report-command.ts';
import { addServe } from './cli/serve.ts';
import { addTest } from './cli/test-command.ts';
import { addTop } from './cli/top-command.ts';
import { addWarm } from './cli/warm-command.ts';

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
];

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

// `shelflife check … | head` is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

const program = new Command('shelflife')
  .description('A caching reverse proxy that stands in front of an unmodified web app')
  .version(manifest.version)
  .showHelpAfterError('(--help says more)');
for (const add of commands) add(program);

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`shelflife: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
