/**
 * Handles conditional requests: answers the client's, makes our own, and applies a 304 or a HEAD to what is stored (RFC
 * 9110 §13, RFC 9111 §4.3).
 *
 * Promise: a 304 never changes a stored response's kind of content.
 */
import type { EpochMs } from '../kit/time.ts';
import { lifetimeFields } from './app-fields.ts';
import { effectiveDirectives } from './cache-control.ts';
import { etagText, parseEntityTag, parseEntityTags, weaklyEqual } from './entity-tags.ts';
import { combinedValue, endToEndFields, hasField, withoutFields } from './fields.ts';
import { dateOrReceipt, withDate } from './freshness.ts';
import { parseHttpDate } from './http-date.ts';
import type { Fields, ResponseHead } from './message.ts';
import { parseVary } from './vary.ts';

export const conditionNames = [
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'range',
] as const;

type ConditionalInput = {
  readonly method: string;
  readonly requestFields: Fields;
  readonly storedStatus: number;
  readonly storedFields: Fields;
  readonly responseTime: EpochMs;
};

/** How a fresh stored response answers a request with preconditions (RFC 9111 §4.3.2, RFC 9110 §13.2.2). */
export function evaluateConditional(input: ConditionalInput): 'not-modified' | 'full' | 'forward' {
  const { method, requestFields, storedStatus } = input;
  if (method !== 'GET' && method !== 'HEAD') return 'forward';
  // RFC 9111 §4.3.2: If-Match and If-Unmodified-Since "are not applicable to a cache": they concern the origin's state.
  if (hasField(requestFields, 'if-match') || hasField(requestFields, 'if-unmodified-since')) return 'forward';
  // RFC 9110 §13.2.1: preconditions are ignored if the response without them would not be 2xx (or 412).
  if (storedStatus < 200 || storedStatus > 299) return 'full';
  const ifNoneMatch = combinedValue(requestFields, 'if-none-match');
  const isCurrent =
    ifNoneMatch === undefined ? isUnmodifiedSince(input) : noneIsNew(ifNoneMatch, input.storedFields);
  return isCurrent ? 'not-modified' : 'full';
}

/** The fields that make a request conditional on the stored response, as received (RFC 9111 §4.3.1). */
export function conditionalFields(storedFields: Fields): string[] {
  const fields: string[] = [];
  const tag = etagText(storedFields);
  if (tag !== undefined) fields.push('If-None-Match', tag);
  const lastModified = combinedValue(storedFields, 'last-modified');
  if (lastModified !== undefined && parseHttpDate(lastModified, anyTime) !== undefined) {
    fields.push('If-Modified-Since', lastModified);
  }
  return fields;
}

/** The stored fields that a 304 to a client carries: all but those that describe content (RFC 9110 §15.4.5). */
export const notModifiedFields = (fields: Fields): string[] => withoutFields(fields, contentMetadata);

/** Whether a 304 is about this stored response (RFC 9111 §4.3.4). Tags compare weakly: servers that compress change them. */
export const selects304 = (storedFields: Fields, fields304: Fields): boolean =>
  validatorsAgree(storedFields, fields304);

/**
 * The stored fields updated from a 304 (RFC 9111 §3.2). `Age` and `Date` are those of the 304.
 *
 * A 304 must have the `ETag` of the 200 (RFC 9110 §15.4.5): one without the stored response's tag was written by a
 * framework. If it forbids storing or reuse, its cache instructions are ignored, for it is not the resource that forbids.
 */
export function freshen(storedFields: Fields, fields304: Fields, responseTime: EpochMs): string[] {
  const ignored = new Set(contentSpecific);
  if (etagText(storedFields) === undefined) ignored.delete('etag');
  if (mediaType(storedFields) === mediaType(fields304)) ignored.delete('content-type');
  if (combinedValue(fields304, 'content-md5') !== md5OfNothing) ignored.delete('content-md5');
  if (isBare(storedFields, fields304) && forbids(fields304)) {
    for (const name of cacheInstructions) ignored.add(name);
  }
  const update = withDate(withoutFields(endToEndFields(fields304), ignored), responseTime);
  const replaced = new Set([
    'age',
    ...update.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase()),
  ]);
  return [...withoutFields(storedFields, replaced), ...update];
}

/**
 * Applies a HEAD response to a stored GET response (RFC 9111 §4.3.5).
 *
 * Deviation: `Content-Length: 0` without a validator is ignored: frameworks answer a HEAD for which they have no page that
 * way. So is a HEAD response with another coding or a status other than 200.
 */
export function headFreshens(
  stored: { readonly fields: Fields; readonly contentLength: number },
  head: ResponseHead,
): 'freshen' | 'invalidate' | 'ignore' {
  const { fields } = head;
  const length = combinedValue(fields, 'content-length');
  const hasValidator = hasField(fields, 'etag') || hasField(fields, 'last-modified');
  if (head.status !== 200 || (length === '0' && !hasValidator && stored.contentLength > 0)) return 'ignore';
  if (codingOf(fields) !== codingOf(stored.fields)) return 'ignore';
  if (length !== undefined && Number(length) !== stored.contentLength) return 'invalidate';
  return validatorsAgree(stored.fields, fields) ? 'freshen' : 'invalidate';
}

// Only two-digit years depend on the time; here any valid date will do.
const anyTime = 0 as EpochMs;

function noneIsNew(ifNoneMatch: string, storedFields: Fields): boolean {
  const wanted = parseEntityTags(ifNoneMatch);
  // RFC 9110 §13.1.2: "*" is false when the origin has a current representation, such as the stored one.
  if (wanted.kind === 'any') return true;
  const text = etagText(storedFields);
  if (text === undefined) return false;
  const tag = parseEntityTag(text);
  return wanted.tags.some((candidate) => weaklyEqual(candidate, tag));
}

// RFC 9111 §4.3.2: compared with Last-Modified, else Date, else the time of receipt.
function isUnmodifiedSince({ requestFields, storedFields, responseTime }: ConditionalInput): boolean {
  const since = parseHttpDate(combinedValue(requestFields, 'if-modified-since') ?? '', responseTime);
  if (since === undefined) return false;
  const lastModified = parseHttpDate(combinedValue(storedFields, 'last-modified') ?? '', responseTime);
  return (lastModified ?? dateOrReceipt(storedFields, responseTime)) <= since;
}

function validatorsAgree(storedFields: Fields, fields: Fields): boolean {
  const tag = etagText(fields);
  if (tag !== undefined) {
    const storedTag = etagText(storedFields);
    return storedTag !== undefined && weaklyEqual(parseEntityTag(storedTag), parseEntityTag(tag));
  }
  const lastModified = combinedValue(fields, 'last-modified');
  return lastModified === undefined || sameDate(lastModified, combinedValue(storedFields, 'last-modified'));
}

const sameDate = (a: string, b: string | undefined): boolean =>
  a === b || (b !== undefined && parseHttpDate(a, anyTime) === parseHttpDate(b, anyTime));

const codingOf = (fields: Fields): string =>
  (combinedValue(fields, 'content-encoding') ?? 'identity').toLowerCase();

const mediaType = (fields: Fields): string | undefined =>
  combinedValue(fields, 'content-type')?.split(';', 1)[0]?.trim().toLowerCase();

const isBare = (storedFields: Fields, fields304: Fields): boolean =>
  etagText(storedFields) !== undefined && etagText(fields304) === undefined;

function forbids(fields304: Fields): boolean {
  const { noStore, noCache, private: forOneUser } = effectiveDirectives(fields304);
  return noStore || noCache || forOneUser || parseVary(fields304).kind === 'any';
}

const cacheInstructions = ['cache-control', 'expires', 'pragma', 'vary', ...lifetimeFields];

const contentMetadata: ReadonlySet<string> = new Set([
  'content-type',
  'content-length',
  'content-encoding',
  'content-language',
  'content-range',
  'content-md5',
  'content-digest',
  'repr-digest',
  'digest',
  'trailer',
]);

/** From middleware that hashes the empty content of a 304; any other `Content-MD5` is the representation's. */
const md5OfNothing = '1B2M2Y8AsgTpgAmY7PhCfg==';

// RFC 9111 §3.2 excepts these: the stored content may have been compressed or assembled here. A changed media type is
// ignored: some frameworks put text/html on every 304, and reading JSON as HTML is an attack.
const contentSpecific: ReadonlySet<string> = new Set([
  'content-length',
  'content-encoding',
  'content-range',
  'content-type',
  'content-md5',
  'content-digest',
  'repr-digest',
  'digest',
  'etag',
  'set-cookie',
  'set-cookie2',
]);
