/**
 * A stored response as one piece of memory outside V8's heap. The collector then has a few objects to walk for an entry, not
 * fifty, so that a hit costs the same whatever else is stored.
 *
 *    0  4  length of the subject, in bytes
 *    4  4  length of the rest of the head
 *    8     the subject: JSON, UTF-8: what a purge is matched by
 *    …     the rest of the head
 *    …     the body, if it is small
 *
 * Promise: unpacking gives what was packed.
 */

import { ownBytes } from '../kit/own-bytes.ts';
import type { CacheKey } from '../policy/key/cache-key.ts';
import type { Entry, StoredSubject } from './store.ts';

/** A body that is not small stays where it is, unless much else does too: copying would cost more than an object of its own. */
export type PackedEntry = { readonly bytes: ArrayBufferLike; readonly body: Buffer | undefined };

const subjectStart = 8;
const smallBodyBytes = 16 * 1024;

/** Packs an entry; its key is kept beside it. */
export function packEntry(entry: Entry): PackedEntry {
  const { body } = entry;
  const subject = JSON.stringify(subjectTexts(entry));
  const rest = JSON.stringify(restOf(entry));
  const isSmall = body.length <= smallBodyBytes;
  const restStart = subjectStart + Buffer.byteLength(subject);
  const headBytes = restStart + Buffer.byteLength(rest);
  const bytes = Buffer.allocUnsafeSlow(headBytes + (isSmall ? body.length : 0));
  bytes.writeUInt32LE(restStart - subjectStart, 0);
  bytes.writeUInt32LE(headBytes - restStart, 4);
  bytes.write(subject, subjectStart);
  bytes.write(rest, restStart);
  if (isSmall) body.copy(bytes, headBytes);
  return { bytes: bytes.buffer, body: isSmall ? undefined : ownBytes(body) };
}

/** The entry that was packed. Its body is that memory itself. */
export function unpackEntry(key: CacheKey, packed: PackedEntry): Entry {
  const bytes = Buffer.from(packed.bytes);
  const restStart = subjectStart + bytes.readUInt32LE(0);
  const bodyStart = restStart + bytes.readUInt32LE(4);
  const subject = readSubject(bytes, restStart);
  const rest = JSON.parse(bytes.toString('utf8', restStart, bodyStart)) as Rest;
  const [selection, status, fields, coding, part, policy, basis, requestTime, responseTime, ...more] = rest;
  const [contentType, partition, originSeconds] = more;
  return {
    key,
    ...subject,
    selection: selection ?? noSelection,
    status,
    fields,
    body: packed.body ?? bytes.subarray(bodyStart),
    coding: coding ?? undefined,
    part: part ?? undefined,
    policy: unpackPolicy(policy),
    basis,
    requestTime,
    responseTime,
    contentType,
    partition,
    originSeconds,
  };
}

/** The same as `unpackEntry` of what was just packed, without reading it. */
export function viewOf(entry: Entry, { bytes, body }: PackedEntry): Entry {
  return {
    key: entry.key,
    variant: entry.variant,
    host: entry.host,
    target: entry.target,
    tags: entry.tags,
    asOf: entry.asOf,
    selection: entry.selection,
    status: entry.status,
    fields: entry.fields,
    body: body ?? Buffer.from(bytes, bytes.byteLength - entry.body.length),
    coding: entry.coding,
    part: entry.part,
    policy: entry.policy,
    basis: entry.basis,
    requestTime: entry.requestTime,
    responseTime: entry.responseTime,
    contentType: entry.contentType,
    partition: entry.partition,
    originSeconds: entry.originSeconds,
  };
}

/** What a purge is matched by, without the cost of the rest. */
export function unpackSubject(key: CacheKey, packed: PackedEntry): StoredSubject {
  const bytes = Buffer.from(packed.bytes);
  return { key, ...readSubject(bytes, subjectStart + bytes.readUInt32LE(0)) };
}

function readSubject(bytes: Buffer, end: number): Omit<StoredSubject, 'key'> {
  const texts = JSON.parse(bytes.toString('utf8', subjectStart, end)) as ReturnType<typeof subjectTexts>;
  const [variant, host, target, tags, asOf] = texts;
  return { variant, host, target, tags, asOf };
}

// Without the names, which are the same in each.
const subjectTexts = ({ variant, host, target, tags, asOf }: Entry) =>
  [variant, host, target, tags, asOf] as const;

type Rest = ReturnType<typeof restOf>;

const restOf = (entry: Entry) =>
  [
    isNone(entry.selection) ? null : entry.selection,
    entry.status,
    entry.fields,
    entry.coding ?? null,
    entry.part ?? null,
    packPolicy(entry.policy),
    entry.basis,
    entry.requestTime,
    entry.responseTime,
    entry.contentType,
    entry.partition,
    entry.originSeconds,
  ] as const;

const packPolicy = (policy: Entry['policy']) =>
  [
    policy.lifetime,
    policy.initialAge,
    policy.responseTime,
    policy.noCache,
    policy.mustRevalidate,
    policy.immutable,
    policy.staleWhileRevalidate,
    policy.staleIfError,
    policy.staleIfDisconnected,
  ] as const;

function unpackPolicy(packed: ReturnType<typeof packPolicy>): Entry['policy'] {
  const [lifetime, initialAge, responseTime, noCache, mustRevalidate, immutable, ...windows] = packed;
  const [staleWhileRevalidate, staleIfError, staleIfDisconnected] = windows;
  return {
    lifetime,
    initialAge,
    responseTime,
    noCache,
    mustRevalidate,
    immutable,
    staleWhileRevalidate,
    staleIfError,
    staleIfDisconnected,
  };
}

const isNone = ({ names, contentEncoding, contentLanguage }: Entry['selection']): boolean =>
  names.length === 0 && contentEncoding === null && contentLanguage === null;

const noSelection: Entry['selection'] = {
  names: [],
  values: [],
  contentEncoding: null,
  contentLanguage: null,
};
