/** `shelflife fmt FILE…`: puts configuration files in the canonical layout, or checks that they are. */

import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { formatRules } from '../config/schema/format-rules.ts';
import { tellProblems } from './load-config.ts';
import type { Terminal } from './terminal.ts';
import { reasonOf } from './pem-files.ts';
import { replaceFile } from './replace-files.ts';

const stdin = '-';

/** Adds the command. */
export function addFmt(program: Command, terminal: Terminal): void {
  program
    .command('fmt')
    .description('put configuration files in the canonical layout; prints the names of those that it changes')
    .argument('<files...>', 'configuration files, or - for stdin to stdout')
    .option('--check', 'change nothing; exit with 1 if a file has another layout')
    .action(async (files: readonly string[], { check = false }: { check?: boolean }) => {
      for (const file of files) await format(terminal, file, check);
    });
}

async function format(terminal: Terminal, file: string, check: boolean): Promise<void> {
  try {
    const before = file === stdin ? await text(terminal.stdin) : await readFile(file, 'utf8');
    const after = formatted(terminal, before, file);
    if (after === undefined) return;
    if (file === stdin && !check) terminal.stdout.write(after);
    else if (after !== before) await tellChange(terminal, file, check ? undefined : after);
  } catch (error) {
    terminal.fail(`${file} cannot be formatted: ${reasonOf(error)}`);
  }
}

function formatted(terminal: Terminal, before: string, file: string): string | undefined {
  const result = formatRules(before, { file, env: terminal.env, upstreamMayBeMissing: true });
  if (result.kind === 'ok') return result.text;
  if (result.kind === 'problems') tellProblems(terminal, result);
  else terminal.fail(`${file} is left as it is: the canonical layout would change its meaning`);
  return undefined;
}

async function tellChange(terminal: Terminal, file: string, after: string | undefined): Promise<void> {
  if (after === undefined) terminal.exitCode = 1;
  else await replaceFile(file, after);
  terminal.print(file);
}
