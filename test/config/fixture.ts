/** Reads configuration text in tests; problems as `LINE:COL CODE`, so that tests assert places and codes, not prose. */

import { type ParseOptions, parseConfig } from '../../src/config/schema/check.ts';
import type { Config } from '../../src/config/config.ts';

type Options = Partial<ParseOptions>;

const result = (text: string, options: Options = {}) =>
  parseConfig(text, { file: 'test.yaml', env: {}, ...options });

/** The places and codes of all problems; empty when there are none. */
export function problemsIn(text: string, options?: Options): readonly string[] {
  const read = result(text, options);
  return read.kind === 'ok' ? [] : read.problems.map(({ line, column, code }) => `${line}:${column} ${code}`);
}

/** The same of warnings. */
export function warningsIn(text: string, options?: Options): readonly string[] {
  const read = result(text, options);
  if (read.kind === 'problems') throw new Error(JSON.stringify(read.problems));
  return read.warnings.map(({ line, column, code }) => `${line}:${column} ${code}`);
}

/** The configuration in a text that must be right. */
export function configIn(text: string, options?: Options): Config {
  const read = result(text, options);
  if (read.kind === 'problems') throw new Error(JSON.stringify(read.problems));
  return read.config;
}

/** The first line of every good file in tests. */
export const upstream = 'upstream: http://127.0.0.1:5000\n';

/** The problems of a text that follows an `upstream` line, lines counted from that text's first. */
export function problemsBelow(text: string, options?: Options): readonly string[] {
  return problemsIn(upstream + text, options).map((problem) => {
    const [line = '', rest = ''] = problem.split(/:(.*)/);
    return `${Number(line) - 1}:${rest}`;
  });
}
