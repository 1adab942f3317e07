/**
 * Reads configuration text in tests; problems as `LINE:COL CODE`, so that tests assert places and codes, not prose. The JSON
 * Schema must agree about every text: it accepts what is accepted, and refuses what is refused for its structure.
 */

import { Ajv } from 'ajv';
import { parse } from 'yaml';
import {
  type ParseOptions,
  type ParseResult,
  configSchema,
  parseConfig,
} from '../../src/config/schema/check.ts';
import type { Config } from '../../src/config/config.ts';
import { hideReferences, showReferences } from '../../src/config/reader/environment.ts';

type Options = Partial<ParseOptions>;

function result(text: string, options: Options = {}): ParseResult {
  const read = parseConfig(text, { file: 'test.yaml', env: {}, ...options });
  checkAgreement(text, read);
  return read;
}

const follows = new Ajv({ strictTypes: false }).compile(configSchema);
const structural: ReadonlySet<string> = new Set([
  'bad-duration',
  'bad-size',
  'bad-time',
  'empty-value',
  'unknown-key',
  'wrong-type',
]);

/** Throws where the JSON Schema and the reader disagree. Of `${NAME}` a schema sees neither the value nor the quotes. */
export function checkAgreement(text: string, read: ParseResult): void {
  const codes = read.kind === 'ok' ? [] : read.problems.map(({ code }) => code);
  if (codes.some((code) => /yaml|duplicate-key|empty-file|alias/.test(code))) return;
  const value: unknown = JSON.parse(showReferences(JSON.stringify(parse(hideReferences(text)))));
  const isAccepted = follows(value);
  const isRefused = codes.some((code) => structural.has(code));
  if (isAccepted && isRefused && !text.includes('${'))
    throw new Error(`the JSON Schema accepts what is refused: ${text}`);
  if (read.kind === 'ok' && !isAccepted)
    throw new Error(`the JSON Schema refuses ${text}: ${JSON.stringify(follows.errors)}`);
}

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
