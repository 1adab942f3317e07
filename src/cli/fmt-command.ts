/** `shelflife fmt FILE…`: puts configuration files in the canonical layout, or checks that they are. */

import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { formatRules } from '../config/schema/format-rules.ts';
import { tellProblems } from './load-config.ts';
import { fail, print } from './output.ts';
import { reasonOf } from './pem-files.ts';
import { replaceFile } from './replace-files.ts';

const stdin = '-';

/** Adds the command. */
export function addFmt(program: Command): void {
  program
    .command('fmt')
    .description('put configuration files in the canonical layout; prints the names of those that it changes')
    .argument('<files...>', 'configuration files, or - for stdin to stdout')
    .option('--check', 'change nothing; exit with 1 if a file has another layout')
    .action(async (files: readonly string[], { check = false }: { check?: boolean }) => {
      for (const file of files) await format(file, check);
    });
}

async function format(file: string, check: boolean): Promise<void> {
  try {
    const before = file === stdin ? await text(process.stdin) : await readFile(file, 'utf8');
    const after = formatted(before, file);
    if (after === undefined) return;
    if (file === stdin && !check) process.stdout.write(after);
    else if (after !== before) await tellChange(file, check ? undefined : after);
  } catch (error) {
    fail(`${file} cannot be formatted: ${reasonOf(error)}`);
  }
}

function formatted(before: string, file: string): string | undefined {
  const result = formatRules(before, { file, env: process.env, upstreamMayBeMissing: true });
  if (result.kind === 'ok') return result.text;
  if (result.kind === 'problems') tellProblems(result);
  else fail(`${file} is left as it is: the canonical layout would change its meaning`);
  return undefined;
}

async function tellChange(file: string, after: string | undefined): Promise<void> {
  if (after === undefined) process.exitCode = 1;
  else await replaceFile(file, after);
  print(file);
}
