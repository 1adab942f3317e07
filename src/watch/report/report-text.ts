/** A report as plain text for a terminal or a mail, and as Markdown. */

import { tableLines } from '../../kit/table.ts';
import type { Report } from './report.ts';
import { coverageOf, type Table, tablesOf, titleOf } from './report-words.ts';

/** Plain text with aligned columns. */
export const reportText = (report: Report): string =>
  [titleOf(report), coverageOf(report), ...tablesOf(report).map(plainTable)]
    .filter((part) => part !== '')
    .join('\n\n') + '\n';

/** Markdown with tables. */
export const reportMarkdown = (report: Report): string =>
  [`# ${titleOf(report)}`, coverageOf(report), ...tablesOf(report).map(markdownTable)]
    .filter((part) => part !== '')
    .join('\n\n') + '\n';

/** The numbers in one paragraph, for a chat message. */
export function reportSummary(report: Report): string {
  const [targets, numbers] = tablesOf(report);
  const first = (table: Table | undefined, count: number): string[] =>
    (table?.rows ?? [])
      .slice(0, count)
      .map(([name = '', value = '', more = '']) => `${name}: ${value} (${more === '' ? '–' : more})`);
  return [titleOf(report), ...first(targets, 4), ...first(numbers, 2)].join('\n');
}

function plainTable({ title, head, rows }: Table): string {
  return [title, '-'.repeat(title.length), ...tableLines([head, ...rows])].join('\n');
}

function markdownTable({ title, head, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escaped).join(' | ')} |`;
  return [`## ${title}`, '', line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Escapes Markdown markup and cell separators. */
const escaped = (text: string): string => text.replace(/[\\|`*_[\]<>]/g, (mark) => `\\${mark}`);
