/**
 * Which test files run together, as patterns below `test/`. Files of a group share one process: start-up costs more than
 * most of them, and modules are loaded once. What measures wall-clock time or memory has a process of its own.
 */
import { globSync } from 'node:fs';
import { join } from 'node:path';

/** They measure the memory of the whole process. */
const own = ['watch/bounded.test.ts', 'policy/lifetime/popularity.test.ts'];

const patterns = {
  browser: ['control/dashboard*.test.ts'],
  cli: ['cli/**/*.test.ts'],
  control: ['control/!(dashboard*).test.ts', 'watch/**/*.test.ts'],
  demo: ['e2e/demo-*.test.ts', 'examples/webapp*.test.ts'],
  'e2e-1': ['e2e/!(demo-*|[o-z]*).test.ts'],
  'e2e-2': ['e2e/o*.test.ts'],
  'e2e-3': ['e2e/[p-z]*.test.ts'],
  proxy: ['{explain,front,lane,origin,proxy,refresh}/**/*.test.ts'],
  rfc: ['rfc/*.test.ts', 'examples/!(webapp*).test.ts'],
  scripts: ['{scripts,toolchain}/*.test.ts'],
  security: ['security/*.test.ts'],
  store: ['store/{*,log/*,redis/*,staleness/*}.test.ts'],
} as const;

/** `alone` is run before the others; `rest` has what no other has. */
export type Group = keyof typeof patterns | 'alone' | 'rest';

/** Each has a file of its name beside this one. */
export const groups = [...Object.keys(patterns), 'alone', 'rest'] as Group[];

export const tests = join(import.meta.dirname, '..');

const matching = (wanted: readonly string[], exclude: readonly string[]): readonly string[] =>
  globSync(wanted, { cwd: tests, exclude: ['suite/**', ...exclude] }).toSorted();

/** The test files of a group, relative to `test/`. */
export function filesOf(group: Group): readonly string[] {
  if (group === 'alone') return matching(['**/alone/*.test.ts', ...own], []);
  if (group !== 'rest') return matching(patterns[group], [...own, '**/alone/*']);
  const taken = new Set(groups.filter((other) => other !== 'rest').flatMap(filesOf));
  return matching(['**/*.test.ts'], []).filter((file) => !taken.has(file));
}
