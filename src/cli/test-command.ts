/** `shelflife test FILE`: runs the examples kept beside the rules. */

import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { parseExamples } from '../config/examples/check-examples.ts';
import type { ExampleFile } from '../config/examples/example.ts';
import { renderProblem } from '../config/reader/problem.ts';
import { loadConfig, tellProblems } from './load-config.ts';
import { fail, print, printJson, tell } from './output.ts';

/** Adds the command. */
export function addTest(program: Command): void {
  program
    .command('test')
    .description('run the examples kept beside the rules (*.test.yaml)')
    .argument('<file>', 'the file of examples, or the configuration they test')
    .option('--json', 'the failures as JSON')
    .action(testCommand);
}

async function testCommand(file: string, { json }: { readonly json?: true }): Promise<void> {
  const name = exampleFileOf(file);
  const examples = await loadExamples(name);
  if (examples === undefined) return;
  const config = configFileOf(name, examples);
  const env = { ...process.env, ...examples.env };
  const loaded = await loadConfig({ file: config, env, upstreamMayBeMissing: true });
  if (loaded.kind !== 'ok') {
    tellProblems(loaded);
    return;
  }
  // Loaded on demand: other commands start in half the time without it.
  const { createTryExample, failureLines } = await import('../explain/rule-examples.ts');
  const tryExample = createTryExample(loaded.config, examples);
  const results = [];
  for (const example of examples.examples) results.push(await tryExample(example));
  const failed = results.filter(({ mismatches }) => mismatches.length > 0);
  if (failed.length > 0) process.exitCode = 1;
  if (json === true) {
    const failures = failed.map(({ example: { name: what, line, column, request }, mismatches }) => ({
      name: what,
      line,
      column,
      request,
      mismatches,
    }));
    printJson({ file: name, config, examples: results.length, failed: failed.length, failures });
    return;
  }
  for (const result of failed) print(...failureLines(name, result), '');
  const outcome = failed.length === 0 ? 'all passed' : `${failed.length} failed`;
  print(`${results.length} examples of ${config}: ${outcome}`);
}

/** The examples of `rules.yaml` are in `rules.test.yaml`. */
const exampleFileOf = (file: string): string =>
  /\.test\.ya?ml$/.test(file) ? file : file.replace(/(\.ya?ml)?$/, (ending) => `.test${ending || '.yaml'}`);

const configFileOf = (name: string, { config }: ExampleFile): string =>
  config === undefined ? name.replace(/\.test(\.ya?ml)$/, '$1') : join(dirname(name), config);

async function loadExamples(name: string): Promise<ExampleFile | undefined> {
  let text: string;
  try {
    text = await readFile(name, 'utf8');
  } catch {
    fail(`${name} cannot be read; the examples of rules.yaml belong in rules.test.yaml beside it`);
    return undefined;
  }
  const read = parseExamples(text, name);
  if (read.kind === 'ok') return read.file;
  tell(...read.problems.map(renderProblem));
  process.exitCode = 1;
  return undefined;
}
