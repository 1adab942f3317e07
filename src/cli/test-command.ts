/** `shelflife test FILE`: runs the examples kept beside the rules, once or after each change. */

import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { parseExamples } from '../config/examples/check-examples.ts';
import type { Config } from '../config/config.ts';
import type { ExampleFile } from '../config/examples/example.ts';
import { renderProblem } from '../config/reader/problem.ts';
import { loadConfig, tellProblems } from './load-config.ts';
import type { Terminal } from './terminal.ts';
import { watchContent } from './watch-file.ts';

/** Adds the command. */
export function addTest(program: Command, terminal: Terminal): void {
  program
    .command('test')
    .description('run the examples kept beside the rules (*.test.yaml)')
    .argument('<file>', 'the file of examples, or the configuration they test')
    .option('--json', 'the failures as JSON')
    .option('--watch', 'run them again whenever one of the two files changes, until interrupted')
    .action((file: string, options: Options) => testCommand(terminal, file, options));
}

type Options = { readonly json?: true; readonly watch?: true };

/** A file as it was read; one that cannot be read is empty. */
type Used = { readonly file: string; readonly text: string };

async function testCommand(terminal: Terminal, file: string, { json, watch }: Options): Promise<void> {
  let used = await testFile(terminal, file, json === true);
  while (watch === true) {
    await changeOf(used);
    terminal.exitCode = 0;
    used = await testFile(terminal, file, json === true);
  }
}

/** Resolves when the content of one of the files has changed. */
const changeOf = (used: readonly Used[]): Promise<void> =>
  new Promise((resolve) => {
    const onChange = (): void => {
      for (const stop of stops) stop();
      resolve();
    };
    const stops = used.map(({ file, text }) =>
      watchContent(file, { known: text, onChange, persistent: true }),
    );
  });

/** Runs the examples and tells how they went; returns the files that this depended on. */
async function testFile(terminal: Terminal, file: string, json: boolean): Promise<readonly Used[]> {
  const name = exampleFileOf(file);
  const { text: ownText, examples } = await loadExamples(terminal, name);
  const config = configFileOf(name, examples);
  // Read once: whoever mends the file on reading its problems must not be overlooked.
  const text = await textOf(config);
  const used = [
    { file: name, text: ownText },
    { file: config, text: text ?? '' },
  ];
  if (examples === undefined) return used;
  const env = { ...terminal.env, ...examples.env };
  const loaded = await loadConfig({ file: config, text, env, upstreamMayBeMissing: true });
  if (loaded.kind !== 'ok') {
    tellProblems(terminal, loaded);
    return used;
  }
  await tryAll(terminal, { name, config, loaded: loaded.config, examples }, json);
  return used;
}

const textOf = (file: string): Promise<string | undefined> => readFile(file, 'utf8').catch(() => undefined);

type Trial = {
  readonly name: string;
  readonly config: string;
  readonly loaded: Config;
  readonly examples: ExampleFile;
};

async function tryAll(
  terminal: Terminal,
  { name, config, loaded, examples }: Trial,
  json: boolean,
): Promise<void> {
  // Loaded on demand: other commands start in half the time without it.
  const { createTryExample, failureLines } = await import('../explain/rule-examples.ts');
  const tryExample = createTryExample(loaded, examples);
  const results = [];
  for (const example of examples.examples) results.push(await tryExample(example));
  const failed = results.filter(({ mismatches }) => mismatches.length > 0);
  if (failed.length > 0) terminal.exitCode = 1;
  if (json) {
    const failures = failed.map(({ example: { name: what, line, column, request }, mismatches }) => ({
      name: what,
      line,
      column,
      request,
      mismatches,
    }));
    terminal.printJson({ file: name, config, examples: results.length, failed: failed.length, failures });
    return;
  }
  for (const result of failed) terminal.print(...failureLines(name, result), '');
  const outcome = failed.length === 0 ? 'all passed' : `${failed.length} failed`;
  terminal.print(`${results.length} examples of ${config}: ${outcome}`);
}

/** The examples of `rules.yaml` are in `rules.test.yaml`. */
export const exampleFileOf = (file: string): string =>
  /\.test\.ya?ml$/.test(file) ? file : file.replace(/(\.ya?ml)?$/, (ending) => `.test${ending || '.yaml'}`);

const configFileOf = (name: string, examples: ExampleFile | undefined): string =>
  examples?.config === undefined
    ? name.replace(/\.test(\.ya?ml)$/, '$1')
    : join(dirname(name), examples.config);

type Loaded = { readonly text: string; readonly examples: ExampleFile | undefined };

async function loadExamples(terminal: Terminal, name: string): Promise<Loaded> {
  let text: string;
  try {
    text = await readFile(name, 'utf8');
  } catch {
    terminal.fail(`${name} cannot be read; the examples of rules.yaml belong in rules.test.yaml beside it`);
    return { text: '', examples: undefined };
  }
  const read = parseExamples(text, name);
  if (read.kind === 'ok') return { text, examples: read.file };
  terminal.tell(...read.problems.map(renderProblem));
  terminal.exitCode = 1;
  return { text, examples: undefined };
}
