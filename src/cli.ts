#!/usr/bin/env -S MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=131072 MALLOC_MMAP_THRESHOLD_=60000 node
/**
 * The command line: argv → command. Data goes to stdout, errors to stderr; the exit code is the command's (CONTRACT §1).
 */

import { runCommand } from './cli/program.ts';
import { Terminal } from './cli/terminal.ts';

const terminal = new Terminal(process);

// `shelflife check … | head` is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(terminal.exitCode);
});

await runCommand(process.argv.slice(2), terminal);
process.exitCode = terminal.exitCode;
