/** Reads header fields as people write them, `Name: value`, for explanations and examples. */

import type { Fields } from '../http/message.ts';

/** The fields of the lines; `undefined` when a line is not a field (RFC 9110 §5.1, §5.5). */
export function readHeaderLines(lines: readonly string[]): Fields | undefined {
  const fields: string[] = [];
  for (const line of lines) {
    const [, name, value = ''] =
      /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)$/.exec(line) ?? [];
    if (name === undefined) return undefined;
    fields.push(name, Buffer.from(value.trimEnd(), 'utf8').toString('latin1'));
  }
  return fields;
}
