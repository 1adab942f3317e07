/**
 * Conditional requests: answering the client's, making our own, and what a 304 or a HEAD tells about what is stored
 * (RFC 9110 §13, RFC 9111 §4.3).
 *
 * Promises: nothing throws; a condition only the origin can evaluate is never answered here; a 304 never changes what
 * kind of content a stored response is.
 */
import type { EpochMs } from '../kit/time.ts';
import { effectiveDirectives, targetedNames } from './cache-control.ts';
import { etagText, parseEntityTag, parseEntityTags, weaklyEqual } from './entity-tags.ts';
import { combinedValue, endToEndFields, hasField, withoutFields } from './fields.ts';
import { dateOrReceipt, withDate } from './freshness.ts';
import { parseHttpDate } from './http-date.ts';
import type { Fields, ResponseHead } from './message.ts';
import { parseVary } from './vary.ts';

export type ConditionalInput = {
  readonly method: string;
  readonly requestFields: Fields;
  readonly storedStatus: number;
  readonly storedFields: Fields;
  readonly responseTime: EpochMs;
};

/**
 * What a fresh stored response means to a request with preconditions: 304, the response itself, or a question only the
 * origin can answer (RFC 9111 §4.3.2, RFC 9110 §13.2.2).
 */
export const evaluateConditional = (input: ConditionalInput): 'not-modified' | 'full' | 'forward' => {
  const { method, requestFields, storedStatus } = input;
  if (method !== 'GET' && method !== 'HEAD') return 'forward';
  // RFC 9111 §4.3.2: If-Match and If-Unmodified-Since "are not applicable to a cache": they speak of the origin's state.
  if (hasField(requestFields, 'if-match') || hasField(requestFields, 'if-unmodified-since')) return 'forward';
  // RFC 9110 §13.2.1: preconditions are ignored where the response without them would not be 2xx (or 412).
  if (storedStatus < 200 || storedStatus > 299) return 'full';
  const ifNoneMatch = combinedValue(requestFields, 'if-none-match');
  // RFC 9110 §13.1.3: If-Modified-Since is ignored when If-None-Match is there.
  const isCurrent =
    ifNoneMatch === undefined ? isUnmodifiedSince(input) : noneIsNew(ifNoneMatch, input.storedFields);
  return isCurrent ? 'not-modified' : 'full';
};

/**
 * The fields that make a request to the origin conditional on the stored response: exactly its one entity tag and its
 * one date, as they came (RFC 9111 §4.3.1).
 */
export const conditionalFields = (storedFields: Fields): string[] => {
  const fields: string[] = [];
  const tag = etagText(storedFields);
  if (tag !== undefined) fields.push('If-None-Match', tag);
  const lastModified = combinedValue(storedFields, 'last-modified');
  if (lastModified !== undefined && parseHttpDate(lastModified, anyTime) !== undefined) {
    fields.push('If-Modified-Since', lastModified);
  }
  return fields;
};

/**
 * What of the stored fields a 304 to a client carries: all but those that describe content it does not have.
 *
 * RFC 9110 §15.4.5: it MUST have Content-Location, Date, ETag, Vary, Cache-Control and Expires where the 200 has them,
 * and should not have other metadata of the representation, except what guides cache updates: Last-Modified stays.
 */
export const notModifiedFields = (fields: Fields): string[] => withoutFields(fields, contentMetadata);

/**
 * Whether a 304 speaks of this stored response (RFC 9111 §4.3.4): what validators it has are the stored ones'.
 *
 * A 304 without validators answers the condition we sent, which named this response and no other. Tags are compared
 * weakly: we sent exactly one, and servers weaken and strengthen it when they compress.
 */
export const selects304 = (storedFields: Fields, fields304: Fields): boolean =>
  validatorsAgree(storedFields, fields304);

/**
 * The stored fields updated from a 304 (RFC 9111 §3.2): each field it has replaces the stored one, except those that
 * describe the stored content itself, hop-by-hop ones and `Set-Cookie`.
 *
 * A 304 whose directives forbid storing or reuse ends the entry only if they are its own: RFC 9110 §15.4.5 has a 304
 * carry the `ETag` its 200 would have, so one that lacks the tag the stored response has is bare: a framework's clean-up
 * speaks, not the resource. Its `Cache-Control`, `Expires`, `Pragma`, `Vary` and targeted fields are then left out if
 * they forbid; those of any other 304, and lifetimes, are taken. Whether the result may still be stored is for
 * `storable` to say.
 *
 * The result's `Age` and `Date` are the 304's (without `Date`: the time of receipt, RFC 9110 §6.6.1).
 */
export const freshen = (storedFields: Fields, fields304: Fields, responseTime: EpochMs): string[] => {
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
};

/**
 * What a HEAD response says about a stored GET response (RFC 9111 §4.3.5): it freshens it when its validators and its
 * `Content-Length` agree, otherwise makes it stale.
 *
 * Deviation: a `Content-Length: 0` without any validator is how frameworks answer a HEAD they have no page for; it says
 * nothing. Nor does a HEAD response in another coding, or with another status than 200. `contentLength` is that of the
 * response as the origin sent it.
 */
export const headFreshens = (
  stored: { readonly fields: Fields; readonly contentLength: number },
  head: ResponseHead,
): 'freshen' | 'invalidate' | 'ignore' => {
  const { fields } = head;
  const length = combinedValue(fields, 'content-length');
  const hasValidator = hasField(fields, 'etag') || hasField(fields, 'last-modified');
  if (head.status !== 200 || (length === '0' && !hasValidator && stored.contentLength > 0)) return 'ignore';
  if (codingOf(fields) !== codingOf(stored.fields)) return 'ignore';
  if (length !== undefined && Number(length) !== stored.contentLength) return 'invalidate';
  return validatorsAgree(stored.fields, fields) ? 'freshen' : 'invalidate';
};

// Two-digit years are only told apart by the time; here it is enough that there is a date.
const anyTime = 0 as EpochMs;

const noneIsNew = (ifNoneMatch: string, storedFields: Fields): boolean => {
  const wanted = parseEntityTags(ifNoneMatch);
  // RFC 9110 §13.1.2: "*" is false when the origin has a current representation: the stored response is one.
  if (wanted.kind === 'any') return true;
  const text = etagText(storedFields);
  if (text === undefined) return false;
  const tag = parseEntityTag(text);
  return wanted.tags.some((candidate) => weaklyEqual(candidate, tag));
};

// RFC 9111 §4.3.2: against Last-Modified; without it against Date; without that against the time of receipt.
const isUnmodifiedSince = ({ requestFields, storedFields, responseTime }: ConditionalInput): boolean => {
  const since = parseHttpDate(combinedValue(requestFields, 'if-modified-since') ?? '', responseTime);
  if (since === undefined) return false;
  const lastModified = parseHttpDate(combinedValue(storedFields, 'last-modified') ?? '', responseTime);
  return (lastModified ?? dateOrReceipt(storedFields, responseTime)) <= since;
};

const validatorsAgree = (storedFields: Fields, fields: Fields): boolean => {
  const tag = etagText(fields);
  if (tag !== undefined) {
    const storedTag = etagText(storedFields);
    return storedTag !== undefined && weaklyEqual(parseEntityTag(storedTag), parseEntityTag(tag));
  }
  const lastModified = combinedValue(fields, 'last-modified');
  return lastModified === undefined || sameDate(lastModified, combinedValue(storedFields, 'last-modified'));
};

const sameDate = (a: string, b: string | undefined): boolean =>
  a === b || (b !== undefined && parseHttpDate(a, anyTime) === parseHttpDate(b, anyTime));

const codingOf = (fields: Fields): string =>
  (combinedValue(fields, 'content-encoding') ?? 'identity').toLowerCase();

const mediaType = (fields: Fields): string | undefined =>
  combinedValue(fields, 'content-type')?.split(';', 1)[0]?.trim().toLowerCase();

const isBare = (storedFields: Fields, fields304: Fields): boolean =>
  etagText(storedFields) !== undefined && etagText(fields304) === undefined;

const forbids = (fields304: Fields): boolean => {
  const { noStore, noCache, private: forOneUser } = effectiveDirectives(fields304);
  return noStore || noCache || forOneUser || parseVary(fields304).kind === 'any';
};

const cacheInstructions = ['cache-control', 'expires', 'pragma', 'vary', ...targetedNames];

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

/** What middleware that hashes the empty content of a 304 says; any other `Content-MD5` is the representation's. */
const md5OfNothing = '1B2M2Y8AsgTpgAmY7PhCfg==';

// RFC 9111 §3.2 excepts Content-Length, what §3.1 keeps out of the store, and fields the stored content depends upon: it
// may have been compressed or put together here. A changed media type is refused: a bare framework 304 says text/html of
// anything, and JSON read as HTML is an attack.
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
