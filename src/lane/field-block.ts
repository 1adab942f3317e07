/**
 * Reads the field lines of a request head, if every server would read them in the same way (pure).
 *
 * Promise: what is `plain` here, node:http reads as the same fields, and with the same framing. It has one Host, no name twice,
 * only CRLF, and nothing that changes the framing but a plain `Content-Length`.
 */

import type { Fields } from '../http/message.ts';

export type FieldBlock =
  | {
      readonly kind: 'plain';
      readonly fields: Fields;
      /** The client wants no further answer on the connection. */
      readonly closes: boolean;
      /** The length of the body that follows; `undefined` without the field. */
      readonly contentLength: number | undefined;
    }
  /** It may become plain with more bytes. */
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'odd' };

/** Name, colon, at most one space, and visible characters with single blanks between them. */
const fieldLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?([\x21-\x7e]+(?:[ \t][\x21-\x7e]+)*)$/;
/** What may be the beginning of a field line, or of the blank one. */
const beginning = /^(?:[\x21-\x7e][\t\x20-\x7e]*)?\r?$/;

/** Fields that change how a request is framed, or what protocol follows. */
const framing: ReadonlySet<string> = new Set(['transfer-encoding', 'upgrade', 'expect', 'trailer']);

const odd: FieldBlock = { kind: 'odd' };
const incomplete: FieldBlock = { kind: 'incomplete' };

/** Reads the text behind a request line. If it is whole it ends in the blank line. */
export function readFieldBlock(text: string): FieldBlock {
  const lines = text.split('\r\n');
  const isWhole = text.endsWith('\r\n\r\n');
  const rest = isWhole ? 2 : 1;
  const fields: string[] = [];
  const names = new Set<string>();
  for (let index = 0; index < lines.length - rest; index += 1) {
    const [, name, value] = fieldLine.exec(lines[index] ?? '') ?? [];
    if (name === undefined || value === undefined) return odd;
    const lower = name.toLowerCase();
    if (names.has(lower) || framing.has(lower)) return odd;
    names.add(lower);
    fields.push(name, value);
  }
  if (!isWhole) return beginning.test(lines.at(-1) ?? '') ? incomplete : odd;
  return names.has('host') ? framed(fields) : odd;
}

function framed(fields: readonly string[]): FieldBlock {
  let closes = false;
  let contentLength: number | undefined;
  for (let index = 0; index < fields.length; index += 2) {
    const name = (fields[index] ?? '').toLowerCase();
    const value = fields[index + 1] ?? '';
    if (name === 'connection') {
      const option = value.toLowerCase();
      if (option !== 'close' && option !== 'keep-alive') return odd;
      closes = option === 'close';
    } else if (name === 'content-length') {
      if (!/^\d{1,15}$/.test(value)) return odd;
      contentLength = Number(value);
    }
  }
  return { kind: 'plain', fields, closes, contentLength };
}
