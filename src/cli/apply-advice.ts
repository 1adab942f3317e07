/**
 * Applies advices to the text of a rules file and adds an example of each to its tests.
 *
 * Promise: all or none. The rules that result pass `check`, and every example passes, those that were there before too.
 */

import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../config/config.ts';
import { parseExamples } from '../config/examples/check-examples.ts';
import type { Environment } from '../config/reader/environment.ts';
import { type Edit, editYaml, findItem, flowText } from '../config/reader/edit.ts';
import { renderProblem } from '../config/reader/problem.ts';
import { showDuration } from '../config/reader/scalar.ts';
import type { ExampleResult } from '../explain/rule-examples.ts';
import type { Advice, ExampleDraft, Patch } from '../trust/advice/advice.ts';
import { loadConfig } from './load-config.ts';

export type AdvisedFile = { readonly file: string; readonly text: string | undefined };

export type Applied =
  | { readonly kind: 'ok'; readonly rules: string; readonly tests: string }
  | { readonly kind: 'refused'; readonly lines: readonly string[] };

type Files = {
  readonly rules: AdvisedFile & { readonly text: string };
  readonly tests: AdvisedFile;
  readonly env: Environment;
};

/** Applies them, one after the other. */
export async function applyAdvices(
  { rules, tests, env: outer }: Files,
  advices: readonly Advice[],
): Promise<Applied> {
  const env = envOf(tests, outer);
  if (env === undefined) return refused(`${tests.file} cannot be read; see \`shelflife test\``);
  const { file } = rules;
  const load: Load = (text) => loadConfig({ file, text, env, upstreamMayBeMissing: true });
  let draft: Draft = { rules: rules.text, tests: tests.text };
  for (const advice of advices) {
    const next = await applied(draft, advice, load);
    if (next.kind === 'refused')
      return refused(`${advice.id} does not fit ${file}: ${next.lines[0] ?? ''}`, ...next.lines.slice(1));
    draft = next;
  }
  const last = await load(draft.rules);
  if (last.kind !== 'ok' || draft.tests === undefined) return refused('there is no advice to write');
  const failed = await failures(last.config, { file: tests.file, text: draft.tests });
  if (failed.length > 0) return refused('these examples would fail:', ...failed);
  return { kind: 'ok', rules: draft.rules, tests: draft.tests };
}

type Load = (text: string) => ReturnType<typeof loadConfig>;
type Draft = { readonly rules: string; readonly tests: string | undefined };
type Refused = Extract<Applied, { kind: 'refused' }>;

async function applied(
  draft: Draft,
  { patch, example }: Advice,
  load: Load,
): Promise<(Draft & { kind: 'ok' }) | Refused> {
  const before = await load(draft.rules);
  if (before.kind !== 'ok') return refused('', ...problemLines(before));
  const edit = fits(before.config, patch) ? editOf(draft.rules, patch) : undefined;
  if (edit === undefined) return refused('it is about other rules than these');
  const edited = editYaml(draft.rules, [edit]);
  if (edited.kind === 'refused') return refused(`${edited.place} must be changed by hand`);
  const after = await load(edited.text);
  if (after.kind !== 'ok') return refused('', ...problemLines(after));
  const tests = await withPinned(draft.tests, { config: after.config, example });
  return tests === undefined
    ? refused('its example cannot be added to the tests')
    : { kind: 'ok', rules: edited.text, tests };
}

const refused = (...lines: readonly string[]): Applied => ({ kind: 'refused', lines });

function problemLines(
  loaded: Exclude<Awaited<ReturnType<typeof loadConfig>>, { kind: 'ok' }>,
): readonly string[] {
  return loaded.kind === 'problems' ? loaded.problems.map(renderProblem) : [loaded.message];
}

/** The environment that the examples bring; `undefined`: they cannot be read. */
function envOf({ file, text }: AdvisedFile, env: Environment): Environment | undefined {
  if (text === undefined) return env;
  const parsed = parseExamples(text, file);
  return parsed.kind === 'ok' ? { ...env, ...parsed.file.env } : undefined;
}

/** Whether the rules still are what the advice was made for. */
function fits({ contentTypes, ttl, writes }: Config, { op, path, from }: Patch): boolean {
  const [section, name] = path;
  if (section === 'writes') return typeof name !== 'number' || writes[name]?.name === from;
  const type = contentTypes.get(String(name));
  if (type === undefined || op !== 'set') return type !== undefined;
  return (path[2] === 'scope' ? type.scope : showDuration(type.ttl ?? ttl.default)) === from;
}

/** `undefined`: what the list is to have it has, or what it is to lose it has not. */
function editOf(text: string, { op, path, value }: Patch): Edit | undefined {
  if (op === 'set') return { op, path, value };
  const at = findItem(text, path, (item) => isDeepStrictEqual(item, value));
  if (op === 'add') return at < 0 ? { op, path, value } : undefined;
  return at < 0 ? undefined : { op, path, at };
}

/** The tests with the example. Its lifetime is what holds at the hour that the file assumes, and with its factors. */
async function withPinned(
  tests: string | undefined,
  { config, example }: { readonly config: Config; readonly example: ExampleDraft },
): Promise<string | undefined> {
  const added = withExample(tests, example);
  if (added === undefined || example.expect['ttl'] === undefined) return added;
  const all = await results(config, { file: '', text: added });
  const own = all.find((result) => result.example.name === example.name);
  const found = own?.mismatches.find(({ what }) => what === 'ttl')?.found ?? '';
  if (!/^\d+ s$/.test(found)) return added;
  return withExample(added, { ...example, expect: { ...example.expect, ttl: found.replace(' ', '') } });
}

const plainAnswer = { status: 200 };

/** The tests with one more example, in the place of one with its name. */
function withExample(tests: string | undefined, { expect, ...example }: ExampleDraft): string | undefined {
  const item = { ...example, answer: plainAnswer, expect };
  if (tests === undefined) return `${header}  - ${flowText(item)}\n`;
  const at = findItem(
    tests,
    ['examples'],
    (one) => (one as Partial<ExampleDraft> | null)?.name === example.name,
  );
  const edited = editYaml(tests, [
    ...(at < 0 ? [] : [{ op: 'remove' as const, path: ['examples'], at }]),
    { op: 'add', path: ['examples'], value: item },
  ]);
  return edited.kind === 'ok' ? edited.text : undefined;
}

const header = '# Examples of the rules; `shelflife test` runs them.\nexamples:\n';

async function failures(
  config: Config,
  file: { readonly file: string; readonly text: string },
): Promise<readonly string[]> {
  const { failureLines } = await import('../explain/rule-examples.ts');
  const failed = (await results(config, file)).filter(({ mismatches }) => mismatches.length > 0);
  return failed.flatMap((result) => failureLines(file.file, result));
}

async function results(
  config: Config,
  { file, text }: { readonly file: string; readonly text: string },
): Promise<readonly ExampleResult[]> {
  const parsed = parseExamples(text, file);
  if (parsed.kind === 'problems') throw new Error(parsed.problems.map(renderProblem).join('\n'));
  // Loaded on demand: other commands start in half the time without it.
  const { createTryExample } = await import('../explain/rule-examples.ts');
  const tryExample = createTryExample(config, parsed.file);
  const all: ExampleResult[] = [];
  for (const example of parsed.file.examples) all.push(await tryExample(example));
  return all;
}
