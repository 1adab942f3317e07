/**
 * The head of an answer from the store as node:http writes it, but for what changes from second to second (pure).
 *
 * Promise: the same bytes as `ServerResponse` sends for the same status and fields, in the same order.
 */

import { STATUS_CODES } from 'node:http';
import type { Fields } from '../http/message.ts';

/** `text`: from the status line to before `Age`. */
export type PreparedHead = { readonly text: Buffer; readonly hasDate: boolean };

/** node:http gives these a meaning, or refuses to send them. */
const meant: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'trailer',
  'upgrade',
  'expect',
]);
/** What a field value may hold (RFC 9110 §5.5). */
const plainValue = /^[\t\x20-\x7e\x80-\xff]*$/;
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Whether a field may be written down: nothing in it ends it. */
export const isSendable = (name: string, value: string): boolean =>
  token.test(name) && plainValue.test(value);

/**
 * Prepares the head with these fields, `Age` and `Cache-Status` last; `undefined` if node:http would do more than write them
 * down.
 */
export function prepareHead(status: number, fields: Fields): PreparedHead | undefined {
  const last = fields.length - 4;
  if (last < 0 || fields[last] !== 'Age' || fields[last + 2] !== 'Cache-Status') return undefined;
  if (status < 200 || status === 204) return undefined;
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n`;
  let hasDate = false;
  let hasLength = false;
  for (let index = 0; index < last; index += 2) {
    const name = fields[index] ?? '';
    const value = fields[index + 1] ?? '';
    const lower = name.toLowerCase();
    if (meant.has(lower) || !isSendable(name, value)) return undefined;
    hasDate ||= lower === 'date';
    hasLength ||= lower === 'content-length';
    text += `${name}: ${value}\r\n`;
  }
  // Without a length it would be chunked.
  if (!hasLength && status !== 304) return undefined;
  return { text: Buffer.from(text, 'latin1'), hasDate };
}

/** What follows the prepared part. `date`: absent if the stored response has its own. */
export function headTail(given: {
  readonly age: number;
  readonly cacheStatus: string;
  readonly date: string | undefined;
  readonly closes: boolean;
  readonly keepAliveSeconds: number;
}): string {
  const { age, cacheStatus, date, closes, keepAliveSeconds } = given;
  const dated = date === undefined ? '' : `Date: ${date}\r\n`;
  const connection = closes
    ? 'Connection: close\r\n\r\n'
    : `Connection: keep-alive\r\nKeep-Alive: timeout=${keepAliveSeconds}\r\n\r\n`;
  return `Age: ${age}\r\nCache-Status: ${cacheStatus}\r\n${dated}${connection}`;
}
