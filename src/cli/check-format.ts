/** Problems and warnings of a configuration for machines: JSON, and annotations of GitHub's workflows. */

import type { Located } from '../config/reader/problem.ts';

/** How `check` reports. */
export const checkFormats = ['text', 'json', 'github'] as const;
export type CheckFormat = (typeof checkFormats)[number];

type Found = Located<string>;

/** A problem as JSON, with its place. */
export const placedProblem = ({ file, line, column, code, message }: Found): object => ({
  file,
  line,
  column,
  code,
  message,
});

/** A line that GitHub shows at its place in the file. */
export function annotation(
  level: 'error' | 'warning',
  { file, line, column, length, code, message }: Found,
): string {
  const place = { file, line, col: column, endColumn: column + length, title: `shelflife: ${code}` };
  const properties = Object.entries(place).map(
    ([name, value]) => `${name}=${escaped(String(value), /[%\r\n:,]/g)}`,
  );
  return `::${level} ${properties.join(',')}::${escaped(message, /[%\r\n]/g)}`;
}

const escaped = (text: string, special: RegExp): string => text.replace(special, encodeURIComponent);
