/**
 * Encodes a stored response as the bytes that Redis holds, and decodes it.
 *
 *    0  2  "sl"
 *    2  1  layout version
 *    3  1  0
 *    4  4  CRC-32 of everything behind it
 *    8  4  length of the head, in bytes
 *   12  4  length of the body
 *   16     the head: JSON, UTF-8: everything but the body, the key among it
 *    …     the body, in its `coding`
 *
 * All numbers are big endian.
 * Promises: decoding gives exactly what was encoded, or nothing. Bytes that are cut, changed, of another layout or
 * stored under another key are recognised, with the reason (DESIGN §3.3). Nothing throws.
 */

import { crc32 } from 'node:zlib';
import type { CacheKey } from '../../policy/key/cache-key.ts';
import type { Entry, EntryHead } from '../store.ts';
import type { Stamp } from './stamps.ts';

/** Incremented with every change of the layout or of the head's contents. */
export const codecVersion = 2;

export type UnreadableReason =
  'truncated' | 'not-ours' | 'other-version' | 'checksum' | 'malformed' | 'other-key';

type Decoded =
  | { readonly kind: 'entry'; readonly entry: Entry; readonly stamp: Stamp | undefined }
  | { readonly kind: 'unreadable'; readonly reason: UnreadableReason };

const magic = 0x736c;
const headStart = 16;
const checkedFrom = 8;

/** Encodes an entry. */
export function encodeEntry(entry: Entry, stamp?: Stamp): Buffer {
  const { body, ...head } = entry;
  const text = JSON.stringify({ ...head, stamp });
  const headBytes = Buffer.byteLength(text);
  const bytes = Buffer.allocUnsafeSlow(headStart + headBytes + body.length);
  bytes.writeUInt16BE(magic, 0);
  bytes.writeUInt8(codecVersion, 2);
  bytes.writeUInt8(0, 3);
  bytes.writeUInt32BE(headBytes, 8);
  bytes.writeUInt32BE(body.length, 12);
  bytes.write(text, headStart, 'utf8');
  body.copy(bytes, headStart + headBytes);
  bytes.writeUInt32BE(crc32(bytes.subarray(checkedFrom)), 4);
  return bytes;
}

/** Decodes what was stored under `key`. The entry's body is a slice of `bytes`. */
export function decodeEntry(bytes: Buffer, key: CacheKey): Decoded {
  const reason = obstacle(bytes);
  if (reason !== undefined) return unreadable(reason);
  const bodyStart = headStart + bytes.readUInt32BE(8);
  const read = parseHead(bytes.toString('utf8', headStart, bodyStart));
  if (read === undefined) return unreadable('malformed');
  const { stamp, ...head } = read;
  if (head.key !== key) return unreadable('other-key');
  return { kind: 'entry', entry: { ...head, body: bytes.subarray(bodyStart) }, stamp };
}

/** Decodes the head alone, for operators. The checksum cannot be checked, so the result is never given to a client. */
export function decodeHead(bytes: Buffer, key: CacheKey): StampedHead | undefined {
  if (bytes.length < headStart || bytes.readUInt16BE(0) !== magic || bytes.readUInt8(2) !== codecVersion) {
    return undefined;
  }
  const head = parseHead(bytes.toString('utf8', headStart));
  return head?.key === key ? { ...head, bodyBytes: bytes.readUInt32BE(12) } : undefined;
}

function obstacle(bytes: Buffer): UnreadableReason | undefined {
  if (bytes.length < headStart) return 'truncated';
  if (bytes.readUInt16BE(0) !== magic) return 'not-ours';
  if (bytes.readUInt8(2) !== codecVersion) return 'other-version';
  const length = headStart + bytes.readUInt32BE(8) + bytes.readUInt32BE(12);
  if (bytes.length < length) return 'truncated';
  if (bytes.length > length || bytes.readUInt8(3) !== 0) return 'malformed';
  return bytes.readUInt32BE(4) === crc32(bytes.subarray(checkedFrom)) ? undefined : 'checksum';
}

const unreadable = (reason: UnreadableReason): Decoded => ({ kind: 'unreadable', reason });

/** A head as it was written, and who wrote it. */
export type StampedHead = EntryHead & { readonly stamp: Stamp | undefined };

type Head = Omit<Entry, 'body'> & { readonly stamp: Stamp | undefined };

function parseHead(text: string): Head | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isHead(value)) return undefined;
    return { ...value, part: value.part, coding: value.coding, stamp: value.stamp };
  } catch {
    return undefined;
  }
}

/** The checksum shows that the bytes are as written; this, that the writer used our format. */
function isHead(value: unknown): value is Head {
  if (!isObject(value)) return false;
  const { selection, policy, basis, asOf, part, coding, fields, tags, stamp } = value;
  const texts = ['key', 'variant', 'target', 'host', 'contentType', 'partition'];
  const numbers = ['status', 'requestTime', 'responseTime', 'originSeconds'];
  return (
    texts.every((name) => typeof value[name] === 'string') &&
    numbers.every((name) => typeof value[name] === 'number') &&
    isTexts(fields) &&
    fields.length % 2 === 0 &&
    isTexts(tags) &&
    isObject(selection) &&
    isTexts(selection['names']) &&
    Array.isArray(selection['values']) &&
    isPolicy(policy) &&
    isBasis(basis) &&
    isObject(asOf) &&
    typeof asOf['log'] === 'string' &&
    typeof asOf['seq'] === 'number' &&
    (coding === undefined || coding === 'gzip') &&
    (part === undefined || isObject(part)) &&
    (stamp === undefined || isStamp(stamp))
  );
}

const policyNumbers = [
  'lifetime',
  'initialAge',
  'responseTime',
  'staleWhileRevalidate',
  'staleIfError',
  'staleIfDisconnected',
];
const policyFlags = ['noCache', 'mustRevalidate', 'immutable'];

function isPolicy(value: unknown): boolean {
  return (
    isObject(value) &&
    policyNumbers.every((name) => typeof value[name] === 'number') &&
    policyFlags.every((name) => typeof value[name] === 'boolean')
  );
}

const isBasis = (value: unknown): boolean =>
  isObject(value) &&
  typeof value['rule'] === 'string' &&
  typeof value['lifetime'] === 'number' &&
  typeof value['isExplicit'] === 'boolean' &&
  isObject(value['windows']) &&
  isObject(value['held']);

const isStamp = (value: unknown): boolean =>
  isObject(value) && typeof value['by'] === 'string' && typeof value['aheadMs'] === 'number';

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');
