#!/usr/bin/env -S MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=131072 MALLOC_MMAP_THRESHOLD_=60000 node
/**
 * The command line: argv → command. Data goes to stdout, errors to stderr; the exit code is the command's (CONTRACT §1).
 */

import { createProgram } from './cli/program.ts';

// `shelflife check … | head` is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

try {
  const program = await createProgram(process.argv[2]);
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`shelflife: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
