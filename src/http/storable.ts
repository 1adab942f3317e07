/** Decides whether a response may be stored (RFC 9111 §3). Adding a prohibition to a response never makes it storable. */
import { noResponseDirectives, type RequestDirectives, type ResponseDirectives } from './cache-control.ts';
import { combinedValue, endToEndFields, hasField, withoutFields } from './fields.ts';
import { cacheableByDefault, type Freshness, isExplicit } from './freshness.ts';
import type { Fields, RequestHead, ResponseHead } from './message.ts';
import { parseContentRange } from './ranges.ts';
import { parseVary } from './vary.ts';

export type NotStorableReason =
  | 'method'
  | 'interim-status'
  | 'status-of-this-request'
  | 'status-never-stored'
  | 'status-not-understood'
  | 'partial-content'
  | 'request-no-store'
  | 'no-store'
  | 'private'
  | 'authorization'
  | 'vary-any'
  | 'post-without-content-location'
  | 'not-cacheable-by-default'
  | 'never-reusable';

type Storable =
  | { readonly kind: 'yes' }
  | { readonly kind: 'no'; readonly reason: NotStorableReason; readonly clause: string };

export type StorableInput = {
  readonly request: RequestHead;
  readonly response: ResponseHead;
  readonly requestDirectives: RequestDirectives;
  /** `noResponseDirectives` under a rule with `cache_control: override`. */
  readonly directives: ResponseDirectives;
  readonly freshness: Freshness;
  /** False when the copy belongs to one identity. */
  readonly shared?: boolean;
  /** True when the key separates credentials by rule. */
  readonly partitioned?: boolean;
  /** True when a rule gives the lifetime, so the origin need not. */
  readonly lifetimeByRule?: boolean;
  /** True when the store can hold parts (§3.3). */
  readonly partial?: boolean;
  /** `scheme://authority` of the target, to compare with an absolute `Content-Location` of a POST. */
  readonly origin?: string;
};

/** Whether the response may be stored, or the first reason against it. */
export function storable(input: StorableInput): Storable {
  for (const rule of rules) {
    const reason = rule(input);
    if (reason !== undefined) return { kind: 'no', reason, clause: clauses[reason] };
  }
  return { kind: 'yes' };
}

/**
 * The fields to store (RFC 9111 §3.1), without those that `no-cache="…"` and `private="…"` name.
 *
 * Deviation: `Set-Cookie` is never stored: one forgotten directive would give a session to everyone (§7.3). Nor are `Age`,
 * which is written anew on every reuse, and `X-Request-ID`, which names one call of the origin.
 */
export function fieldsToStore(fields: Fields, directives: ResponseDirectives): string[] {
  const { noCacheFields, privateFields } = directives;
  const namesSome = noCacheFields.length + privateFields.length > 0;
  const names = namesSome ? new Set([...neverStored, ...noCacheFields, ...privateFields]) : neverStored;
  return withoutFields(endToEndFields(fields), names);
}

const neverStored: ReadonlySet<string> = new Set(['set-cookie', 'set-cookie2', 'age', 'x-request-id']);

/** Whether the store keeps the field with this lower-case name. */
export const isStoredField = (name: string): boolean =>
  fieldsToStore([name, ''], noResponseDirectives).length > 0;

export const clauses: Readonly<Record<NotStorableReason, string>> = {
  method: 'RFC 9111 §3: the request method must be understood by the cache',
  'interim-status': 'RFC 9111 §3: the response status code must be final',
  'status-of-this-request':
    'RFC 9110 §15: the status answers the conditions or the framing of this one request',
  'status-never-stored': 'RFC 6585 §3–§6: responses with this status must not be stored by a cache',
  'status-not-understood': 'RFC 9111 §5.2.2.3: must-understand, and the status is not understood',
  'partial-content':
    'RFC 9111 §3.3: an incomplete response needs a valid Content-Range and a store for parts',
  'request-no-store': 'RFC 9111 §5.2.1.5: no-store in the request',
  'no-store': 'RFC 9111 §5.2.2.5: no-store in the response',
  private: 'RFC 9111 §5.2.2.7: private, and the cache is shared',
  authorization: 'RFC 9111 §3.5: Authorization, without public, s-maxage or must-revalidate',
  'vary-any': 'RFC 9111 §4.1: a Vary field with * never matches',
  'post-without-content-location':
    'RFC 9110 §9.3.3: POST, without explicit freshness and its own Content-Location',
  'not-cacheable-by-default':
    'RFC 9111 §3: neither explicit freshness, nor public, nor a status cacheable by default',
  'never-reusable': 'RFC 9111 §4: no lifetime, no validator, no stale use allowed: nothing could reuse it',
};

type Rule = (input: StorableInput) => NotStorableReason | undefined;

// §3. A HEAD response cannot answer a GET.
const methodIsUnderstood: Rule = ({ request: { method } }) =>
  method === 'GET' || method === 'POST' ? undefined : 'method';

// §3: "the response status code is final". 304, 412, 416 and the like answer this request's conditions, range or
// connection, which are not in the key.
const statusIsStorable: Rule = ({ response: { status } }) => {
  if (status < 200 || status > 999) return 'interim-status';
  if (ofThisRequest.has(status)) return 'status-of-this-request';
  return neverStoredStatuses.has(status) ? 'status-never-stored' : undefined;
};

// §3 allows a 304, but it updates a stored response instead of becoming one.
const ofThisRequest: ReadonlySet<number> = new Set([
  304, 401, 407, 408, 411, 412, 413, 415, 416, 417, 421, 425, 426,
]);
const neverStoredStatuses: ReadonlySet<number> = new Set([428, 429, 431, 511]);

// §3.3.
const partIsStorable: Rule = ({ request, response, partial = false }) => {
  if (response.status !== 206) return undefined;
  const isPart = parseContentRange(combinedValue(response.fields, 'content-range') ?? '')?.kind === 'part';
  return partial && request.method === 'GET' && isPart ? undefined : 'partial-content';
};

// §5.2.2.3.
const statusIsUnderstood: Rule = ({ response, directives }) =>
  directives.mustUnderstand && !understood.has(response.status) ? 'status-not-understood' : undefined;

const understood: ReadonlySet<number> = new Set([
  200, 201, 202, 203, 204, 205, 206, 300, 301, 302, 303, 307, 308, 400, 402, 403, 404, 405, 406, 409, 410,
  414, 422, 451, 500, 501, 502, 503, 504, 505,
]);

const requestAllows: Rule = ({ requestDirectives }) =>
  requestDirectives.noStore ? 'request-no-store' : undefined;

// §5.2.2.3: no-store is ignored beside must-understand, whose condition `statusIsUnderstood` has checked.
const responseAllows: Rule = ({ directives }) =>
  directives.noStore && !directives.mustUnderstand ? 'no-store' : undefined;

const sharingAllows: Rule = ({ directives, shared = true }) =>
  directives.private && shared ? 'private' : undefined;

// §3.5: a response to a request with Authorization needs must-revalidate, public or s-maxage.
const authorizationAllows: Rule = ({ request, directives, partitioned = false }) => {
  if (partitioned || !hasField(request.fields, 'authorization')) return undefined;
  const allowed = directives.public || directives.mustRevalidate || directives.sMaxage !== undefined;
  return allowed ? undefined : 'authorization';
};

const variesOnFields: Rule = ({ response }) =>
  parseVary(response.fields).kind === 'any' ? 'vary-any' : undefined;

// RFC 9110 §9.3.3: explicit freshness, and a Content-Location that is the target; it then serves a later GET or HEAD.
const postNamesItsTarget: Rule = ({ request, response, freshness, origin = '' }) => {
  if (request.method !== 'POST') return undefined;
  const location = combinedValue(response.fields, 'content-location');
  const isTarget = location === request.target || (origin !== '' && location === origin + request.target);
  const isSuccess = response.status >= 200 && response.status < 300;
  return isTarget && isSuccess && isExplicit(freshness) ? undefined : 'post-without-content-location';
};

// §3: one of public, private (own copy), Expires, max-age, s-maxage, or a status cacheable by default.
const somethingAllows: Rule = ({ response, directives, freshness, lifetimeByRule = false }) => {
  const allowed =
    lifetimeByRule ||
    directives.public ||
    directives.private ||
    isExplicit(freshness) ||
    cacheableByDefault.has(response.status);
  return allowed ? undefined : 'not-cacheable-by-default';
};

const isReusable: Rule = ({ response: { fields }, directives, freshness, lifetimeByRule = false }) => {
  const hasWindow = (directives.staleWhileRevalidate ?? 0) > 0 || (directives.staleIfError ?? 0) > 0;
  const hasValidator = hasField(fields, 'etag') || hasField(fields, 'last-modified');
  return lifetimeByRule || freshness.lifetime > 0 || hasWindow || hasValidator ? undefined : 'never-reusable';
};

const rules: readonly Rule[] = [
  methodIsUnderstood,
  statusIsStorable,
  partIsStorable,
  statusIsUnderstood,
  requestAllows,
  responseAllows,
  sharingAllows,
  authorizationAllows,
  variesOnFields,
  postNamesItsTarget,
  somethingAllows,
  isReusable,
];
