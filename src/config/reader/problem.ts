/**
 * A problem in a configuration: its code, its place, and how it is shown.
 *
 * Promises: a code is from a closed list, and a place is in the text that the operator wrote. Neither the message nor the
 * source line shows a secret.
 */

/** Every kind of problem; `docs/config.md` explains each. */
export const problemCodes = [
  'alias-limit',
  'bad-address',
  'bad-cidr',
  'bad-duration',
  'bad-environment',
  'bad-file',
  'bad-match',
  'bad-name',
  'bad-pattern',
  'bad-pointer',
  'bad-size',
  'bad-tag',
  'bad-time',
  'bad-time-zone',
  'bad-url',
  'bad-value',
  'bad-yaml',
  'conflicting-keys',
  'duplicate-key',
  'duplicate-name',
  'empty-file',
  'empty-value',
  'hours-gap',
  'hours-overlap',
  'min-over-max',
  'missing-key',
  'missing-variable',
  'out-of-range',
  'reserved-name',
  'token-too-short',
  'unknown-key',
  'unknown-placeholder',
  'unknown-type',
  'unreachable-route',
  'wrong-type',
] as const;
export type ProblemCode = (typeof problemCodes)[number];

export const warningCodes = [
  'method-never-stored',
  'no-control-token',
  'outdated-certificate',
  'unusable-socket',
  'ttl-outside-bounds',
  'unused-type',
  'unverified-upstream',
  'upstream-missing',
  'user-tag-on-public',
] as const;
export type WarningCode = (typeof warningCodes)[number];

/** Start and end (exclusive) in the text, in UTF-16 code units. */
export type Place = readonly [start: number, end: number];

/** A problem or a warning, ready to be shown. Line and column count from 1, in UTF-16 code units. */
export type Located<Code> = {
  readonly code: Code;
  readonly message: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly length: number;
  readonly source: string;
};
export type Problem = Located<ProblemCode>;
export type Warning = Located<WarningCode>;

export type Locator = <Code>(code: Code, message: string, place: Place) => Located<Code>;

/** Makes a function that turns places in `text` into lines and columns; `file` is the name to show. */
export function locatorOf(text: string, file: string): Locator {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (code, message, [start, end]) => {
    const offset = Math.min(Math.max(start, 0), text.length);
    const index = lastAtOrBefore(starts, offset);
    const lineStart = starts[index] ?? 0;
    const line = text.slice(lineStart, starts[index + 1] ?? text.length).replace(/\r?\n$/, '');
    const length = Math.max(1, Math.min(end - offset, line.length - (offset - lineStart)));
    return {
      code,
      message,
      file,
      line: index + 1,
      column: offset - lineStart + 1,
      length,
      source: maskSecrets(line),
    };
  };
}

function lastAtOrBefore(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? Infinity) <= value) low = middle;
    else high = middle;
  }
  return low;
}

// Secrets in the text, and passwords in URLs. References to the environment stay visible: they are not the secret.
const secretValue =
  /(\b(?:token|secret|(?:sentinel_)?password|webhook)["']?\s*:\s+)("(?!\$\{)(?:[^"\\]|\\.)*"?|'(?!\$\{)[^']*'?|(?!["']?\$\{)[^\s,}#][^\s,}]*)/g;
const urlPassword = /(:\/\/[^\s:@/]*:)([^\s@/]+)(?=@)/g;

function maskSecrets(line: string): string {
  const mask = (_: string, before: string, secret: string): string => before + '*'.repeat(secret.length);
  return line.replace(secretValue, mask).replace(urlPassword, mask);
}

const widthShown = 160;

/** `FILE:LINE:COL CODE message`, the source line, and a pointer below it: three lines, without a final line break. */
export function renderProblem(problem: Located<string>): string {
  const { file, line, column, code, message, source, length } = problem;
  const from = column - 1 > widthShown / 2 ? column - 1 - widthShown / 2 : 0;
  const shown = source.slice(from, from + widthShown).replace(/[^\P{Cc}\t]/gu, '?');
  const indent = shown.slice(0, column - 1 - from).replace(/[^\t]/g, ' ');
  const pointer = '^'.repeat(Math.max(1, Math.min(length, shown.length - indent.length)));
  return `${file}:${line}:${column} ${code} ${message}\n${shown}\n${indent}${pointer}`;
}
