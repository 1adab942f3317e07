/**
 * Which test files run together, as patterns below `test/`. Files of a group share one process: start-up costs more than
 * most of them, and modules are loaded once. What measures wall-clock time or memory has a process of its own.
 *
 * tap starts the groups in the order of their paths: `alone/` with nothing beside it, `begin/`, which take longest, the others.
 */
import { globSync } from 'node:fs';
import { join } from 'node:path';

/** Files with processes of their own. Those that measure time run while nothing else does. */
const alone = ['**/alone/*.test.ts'];
const own = ['store/own/*.test.ts', 'watch/bounded.test.ts', 'policy/lifetime/popularity.test.ts'];

const patterns = {
  browser: ['control/dashboard*.test.ts', 'e2e/demo-numbers.test.ts', 'front/browser.test.ts'],
  cli: ['cli/**/*.test.ts'],
  control: ['control/!(dashboard*).test.ts', 'watch/**/*.test.ts'],
  demo: ['e2e/demo-!(numbers).test.ts', 'examples/webapp*.test.ts'],
  'e2e-own': ['e2e/own/*.test.ts'],
  'e2e-1': ['e2e/!(demo-*|[o-z]*).test.ts'],
  'e2e-2': ['e2e/o*.test.ts'],
  'e2e-3': ['e2e/[p-z]*.test.ts'],
  proxy: ['{explain,lane,origin,proxy,refresh}/**/*.test.ts', 'front/!(browser).test.ts'],
  rfc: ['rfc/*.test.ts', 'examples/!(webapp*).test.ts'],
  scripts: ['{scripts,toolchain}/*.test.ts'],
  security: ['security/*.test.ts'],
  store: ['store/{*,log/*,redis/*,staleness/*}.test.ts'],
} as const;

/** `rest` has what no other has. */
export type Group = keyof typeof patterns | 'alone' | 'own' | 'rest';

/** Each has a file of its name in this folder or one below. */
export const groups = [...Object.keys(patterns), 'alone', 'own', 'rest'] as Group[];

export const tests = join(import.meta.dirname, '..');

/** In the order of the patterns. */
const matching = (wanted: readonly string[], exclude: readonly string[] = []): readonly string[] => {
  const options = { cwd: tests, exclude: ['suite/**', ...exclude] };
  return [...new Set(wanted.flatMap((pattern) => globSync(pattern, options).toSorted()))];
};

/** The test files of a group, relative to `test/`. */
export function filesOf(group: Group): readonly string[] {
  if (group === 'alone') return matching(alone);
  if (group === 'own') return matching(own);
  if (group !== 'rest') return matching(patterns[group], [...own, ...alone]);
  const taken = new Set(groups.filter((other) => other !== 'rest').flatMap(filesOf));
  return matching(['**/*.test.ts']).filter((file) => !taken.has(file));
}
