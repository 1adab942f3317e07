/**
 * Runs a group of test files. Each is a subtest of its own: what it imports as `tap` is that subtest, so that its hooks
 * and its end are its own.
 */
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t, { type Test } from 'tap';
import { filesOf, type Group, tests } from './groups.ts';

/** For each file. */
const timeout = 300_000;

/** Runs the files one after the other in this process. */
export function together(group: Group): void {
  for (const file of filesOf(group)) {
    t.test(`test/${file}`, { timeout }, async (t) => {
      const { href } = pathToFileURL(join(tests, file));
      subtests.set(href, t);
      await import(href);
    });
  }
}

/** Runs each file in a process of its own, `jobs` at a time. */
export function apart(group: Group, jobs: number): void {
  t.jobs = jobs;
  const preload = '--import=./scripts/test-process.mjs';
  for (const file of filesOf(group)) {
    const path = `test/${file}`;
    void t.spawn(process.execPath, [preload, path], { timeout, buffered: true }, path);
  }
}

/** The subtest of a file that runs in this process. */
export function subtestOf(href: string): Test {
  const subtest = subtests.get(href);
  if (subtest === undefined) throw new Error(`${href} is not run here`);
  return subtest;
}

const subtests = new Map<string, Test>();
const scheme = 'subtest:';

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'tap' && subtests.has(context.parentURL ?? '')
      ? { url: `${scheme}${context.parentURL ?? ''}`, format: 'module', shortCircuit: true }
      : next(specifier, context),
  load: (url, context, next) =>
    url.startsWith(scheme)
      ? { format: 'module', source: exportOf(url.slice(scheme.length)), shortCircuit: true }
      : next(url, context),
});

const exportOf = (href: string): string =>
  `import { subtestOf } from ${JSON.stringify(import.meta.url)};\nexport default subtestOf(${JSON.stringify(href)});`;
