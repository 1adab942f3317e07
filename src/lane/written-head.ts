/**
 * The head of an answer as node:http writes it (pure).
 *
 * Promise: the same bytes as `ServerResponse` sends for the same status and fields on a kept connection, in the same order. It
 * throws where node:http would refuse: a name or a value that may not be sent.
 */

import { STATUS_CODES } from 'node:http';
import { hasField } from '../http/fields.ts';
import type { Fields } from '../http/message.ts';
import { isSendable } from './prepared-head.ts';

export type HeadToWrite = {
  readonly status: number;
  readonly fields: Fields;
  readonly reasonPhrase: string | undefined;
  readonly isHead: boolean;
  /** It is the last answer on its connection. */
  readonly closes: boolean;
  readonly date: string;
  readonly keepAliveSeconds: number;
};

export type WrittenHead = { readonly text: string; readonly framing: 'length' | 'chunked' | 'none' };

const plainPhrase = /^[\t\x20-\x7e]+$/;

/** Writes a final head. */
export function writeHead(given: HeadToWrite): WrittenHead {
  const { status, fields, reasonPhrase, isHead, closes, date, keepAliveSeconds } = given;
  const framing = framingOf(status, fields, isHead);
  let text = headText(status, fields, reasonPhrase);
  if (!hasField(fields, 'date')) text += `Date: ${date}\r\n`;
  if (!saysLast(fields))
    text += closes
      ? 'Connection: close\r\n'
      : `Connection: keep-alive\r\nKeep-Alive: timeout=${keepAliveSeconds}\r\n`;
  return { text: `${text}${framing === 'chunked' ? 'Transfer-Encoding: chunked\r\n' : ''}\r\n`, framing };
}

/** Only an answer that ends its connection has the field already. */
export const saysLast = (fields: Fields): boolean => hasField(fields, 'connection');

/** Writes the head of an interim response. */
export const writeInterim = (status: number, fields: Fields): string =>
  `${headText(status, fields, undefined)}\r\n`;

/** The lines of trailers. */
export function writeTrailers(trailers: Fields): string {
  const start = headText(200, [], undefined);
  return headText(200, trailers, undefined).slice(start.length);
}

function headText(status: number, fields: Fields, given: string | undefined): string {
  const isPlain = given !== undefined && plainPhrase.test(given);
  let text = `HTTP/1.1 ${status} ${isPlain ? given : (STATUS_CODES[status] ?? 'unknown')}\r\n`;
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] ?? '';
    const value = fields[at + 1] ?? '';
    if (!isSendable(name, value)) throw new Error('a field that cannot be sent');
    text += `${name}: ${value}\r\n`;
  }
  return text;
}

function framingOf(status: number, fields: Fields, isHead: boolean): WrittenHead['framing'] {
  if (isHead || status === 204 || status === 304) return 'none';
  return hasField(fields, 'content-length') ? 'length' : 'chunked';
}
