/**
 * Which test files run together, as patterns below `test/`. Files of a group share one process: start-up costs more than
 * most of them, and modules are loaded once. What measures wall-clock time or memory has a process of its own.
 */
import { globSync } from 'node:fs';
import { join } from 'node:path';

const own = ['watch/bounded.test.ts', 'policy/lifetime/popularity.test.ts'];

/** Each group has a file of its name beside this one; `alone` is run before the others. */
export const groups = {
  browser: ['control/dashboard*.test.ts'],
  cli: ['cli/**/*.test.ts'],
  control: ['control/!(dashboard*).test.ts', 'watch/**/*.test.ts'],
  demo: ['e2e/demo-*.test.ts', 'examples/webapp*.test.ts'],
  'e2e-1': ['e2e/!(demo-*|[o-z]*).test.ts'],
  'e2e-2': ['e2e/o*.test.ts'],
  'e2e-3': ['e2e/[p-z]*.test.ts'],
  proxy: ['{explain,origin,proxy,refresh}/**/*.test.ts'],
  rfc: ['rfc/*.test.ts', 'examples/!(webapp*).test.ts'],
  scripts: ['{scripts,toolchain}/*.test.ts'],
  security: ['security/*.test.ts'],
  store: ['store/{*,log/*,redis/*,staleness/*}.test.ts'],
  values: ['*.test.ts', '{config,http,kit,pattern,policy}/**/*.test.ts'],
  alone: ['**/alone/*.test.ts', ...own],
} as const;

export type Group = keyof typeof groups;

export const tests = join(import.meta.dirname, '..');

/** The test files of a group, relative to `test/`. */
export const filesOf = (group: Group): readonly string[] =>
  globSync([...groups[group]], {
    cwd: tests,
    exclude: group === 'alone' ? ['suite/**'] : own,
  }).toSorted();
