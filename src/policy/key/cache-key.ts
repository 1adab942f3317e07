/**
 * Computes the key of a stored response from what is sent to the origin (DESIGN §3.2, §3.3).
 *
 * Promise, strip or key: every part of a cacheable fetch is in the key, or selects the variant (`standard`, by the
 * origin's Vary), or is on the reviewed list of `unkeyed-fields.ts`, or is not sent. The exceptions: a query that the
 * stored response declares not to matter (`answers`), and a parameter with the value that the rule fixes (`query.reload`).
 */

import { hash } from 'node:crypto';
import type { ContentType } from '../../config/config.ts';
import { type Cookie, formatCookies } from '../../http/cookies.ts';
import { endToEndFields, fieldLines } from '../../http/fields.ts';
import type { Fields } from '../../http/message.ts';
import { conditionNames } from '../../http/validators.ts';
import { isDisguised, type KnownFields } from '../../http/request-head.ts';
import { credentialHeaders, isAnalyticsCookie } from '../identity/credentials.ts';
import type { KeyMemo } from './key-memo.ts';
import { foldFieldName } from '../../http/field-name.ts';
import { isClaim, unkeyedFields } from './unkeyed-fields.ts';
import type { Identity } from '../identity/identity.ts';

declare const brand: unique symbol;

/** Full SHA-256, hexadecimal, of an injective encoding of everything that tells two fetches apart. */
export type CacheKey = string & { readonly [brand]: 'cache-key' };

/** Increases whenever older entries must no longer be read. */
export const schemaVersion = 1;

export type KeyedRequest = {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly path: string;
  readonly query: string | undefined;
  readonly fields: Fields;
  readonly known: KnownFields;
  readonly cookies: readonly Cookie[];
  /** Absent: any could be a credential. */
  readonly unusual?: Fields;
  readonly rule?: string;
  readonly memo?: KeyMemo<CacheKey>;
};

/** How a cacheable request is keyed, and what it sends. The lists are functions: a hit needs none. */
export type KeyPlan = {
  readonly key: CacheKey;
  readonly partition: string;
  /** The fields to send that the key or the variant covers: without Host, the proxy's own, and framing. */
  readonly upstreamFields: () => string[];
  /** The fields that the origin's Vary selects by; the identity replaces the credentials in them. */
  readonly selectingFields: () => Fields;
  /** Whether a response stored under the key answers this request; absent: every one does, as far as its URL goes. */
  readonly answers?: (stored: { readonly target: string; readonly fields: Fields }) => boolean;
  /** The target that the key is computed from where it is not the request's own. */
  readonly keyedAs?: string;
};

/** The fields of a `standard` request that the fetch sets itself: framing, cookies and the like. */
const ownFields: ReadonlySet<string> = new Set([
  'host',
  'cookie',
  'content-length',
  'expect',
  'max-forwards',
]);

const isOwn = (name: string): boolean => name.length <= 14 && ownFields.has(foldFieldName(name));

type AcceptClass = 'html' | 'json' | 'other';

const acceptOf: Readonly<Record<AcceptClass, string>> = {
  html: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  json: 'application/json',
  other: '*/*',
};

/** The class of an `Accept` value; `other` without one. */
export function acceptClass(accept: string | undefined): AcceptClass {
  if (accept === undefined) return 'other';
  if (accept.includes('text/html')) return 'html';
  const text = accept.toLowerCase();
  if (text.includes('text/html') || text.includes('application/xhtml+xml')) return 'html';
  return text.includes('json') ? 'json' : 'other';
}

/** The key of a `public` or `user` route, for an `identity` not in doubt. `encoding` is the Accept-Encoding to send. */
export function planRule(
  request: KeyedRequest,
  { contentType, identity, encoding }: { contentType: ContentType; identity: Identity; encoding: string },
): KeyPlan {
  const { vary, scope } = contentType;
  const owner = scope === 'user' && identity.kind === 'known' ? identity : undefined;
  const partition = scope === 'public' ? 'public' : (owner?.partition ?? 'anonymous');
  const cookies = vary.cookies.length === 0 ? none : variedCookies(request, vary.cookies);
  const headers = vary.headers.length === 0 ? none : variedHeaders(request, vary.headers);
  const accept = vary.headers.includes('accept') ? undefined : acceptClass(request.known.accept);
  const claims = vary.claims?.map((name) => owner?.ignored.get(name) ?? null);
  const values = [scope, contentType.name, partition, accept ?? null, encoding];
  if (claims !== undefined) values.push(...claims);
  for (const cookie of cookies) values.push(cookie?.value ?? null);
  for (const [, value] of headers) values.push(value ?? null);
  return {
    key: keyOf(request, values, () => {
      const cookieValues = cookies.map((cookie) => cookie?.value ?? null);
      const headerValues = headers.map(([name, value]) => [name, value ?? null]);
      const material = [...values.slice(0, 5), vary.cookies, cookieValues, headerValues];
      return claims === undefined ? material : [...material, vary.claims, claims];
    }),
    partition,
    selectingFields: () => [],
    upstreamFields: () => {
      const fields = accept === undefined ? [] : ['Accept', acceptOf[accept]];
      fields.push('Accept-Encoding', encoding);
      for (const [name, value] of headers) if (value !== undefined) fields.push(name, value);
      const sent = unique([...(owner?.cookies ?? []), ...cookies.filter((cookie) => cookie !== undefined)]);
      if (sent.length > 0) fields.push('Cookie', formatCookies(sent));
      const { authorization } = request.known;
      if (owner !== undefined && authorization !== undefined) fields.push('Authorization', authorization);
      if (owner !== undefined) fields.push(...owner.tokenFields);
      return fields;
    },
  };
}

const none: readonly [] = [];

function variedCookies({ cookies }: KeyedRequest, names: readonly string[]): readonly (Cookie | undefined)[] {
  return names.map((name) => cookies.find((cookie) => cookie.name === name));
}

function variedHeaders(
  request: KeyedRequest,
  names: readonly string[],
): readonly (readonly [string, string | undefined])[] {
  return names.filter(mayBeVaried).map((name) => [name, valueOf(request, name)]);
}

/** The key of a `standard` route. It sends what the client sent, except what a client must not decide. */
export function planStandard(request: KeyedRequest, identity: Identity): KeyPlan {
  const partition = standardPartition(request, identity);
  // RFC 9110 §7.6.3: the client's Via is sent on; no Vary names it, so it is in the key.
  const values = ['standard', partition, viaOf(request)];
  return {
    key: keyOf(request, values, () => values),
    partition,
    selectingFields: () => selectingOf(request, identity),
    upstreamFields: () => clientFields(request, isAnalyticsCookie),
  };
}

function viaOf({ fields, unusual = fields }: KeyedRequest): string | null {
  const lines = fieldLines(unusual, 'via');
  return lines.length === 0 ? null : lines.join(', ');
}

/** A request with another credential (`X-Api-Key`) has its own partition too (CONTRACT §2.2). */
function standardPartition({ fields, unusual = fields }: KeyedRequest, identity: Identity): string {
  const known = identity.kind === 'known' ? wholeIdentity(identity) : 'anonymous';
  let others: string[] | undefined;
  for (let index = 0; index < unusual.length; index += 2) {
    const name = unusual[index] ?? '';
    if (!credentialHeaders.has(foldFieldName(name))) continue;
    // In its own spelling: one server reads `X_Api_Key` as a credential, another ignores it.
    (others ??= []).push(name.toLowerCase(), unusual[index + 1] ?? '');
  }
  return others === undefined ? known : hash('sha256', JSON.stringify([known, others]), 'hex');
}

/** No rule says of a `standard` response that it shows none of the ignored claims. */
const wholeIdentity = ({ partition, ignored }: Identity & { kind: 'known' }): string =>
  ignored.size === 0 ? partition : hash('sha256', JSON.stringify([partition, ...ignored]), 'hex');

/** Without claims of another host, scheme, path, method or client, and without dropped cookies. */
function clientFields(request: KeyedRequest, isDropped: (cookieName: string) => boolean): string[] {
  const fields = sentFields(request);
  const cookies = inOneOrder(request.cookies.filter(({ name }) => !isDropped(name)));
  if (cookies.length > 0) fields.push('Cookie', formatCookies(cookies));
  return fields;
}

/** Sorted by name, equal names as sent, so that requests of one identity send the same. */
const inOneOrder = (cookies: readonly Cookie[]): readonly Cookie[] =>
  cookies.length < 2
    ? cookies
    : cookies.toSorted((one, other) => (one.name < other.name ? -1 : Number(one.name > other.name)));

function sentFields(request: KeyedRequest): string[] {
  const fields: string[] = [];
  const sent = endToEndFields(request.fields);
  for (let index = 0; index < sent.length; index += 2) {
    const name = sent[index] ?? '';
    if (isOwn(name) || isClaim(name) || isDisguised(name)) continue;
    fields.push(name, sent[index + 1] ?? '');
  }
  return fields;
}

/**
 * The selecting fields are those sent: a field that the client's `Connection` removed or the proxy replaced did not
 * influence the origin's answer.
 *
 * The origin's `Vary: X-Lang` may mean a field in another spelling (`X_Lang`), so that field selects under both names,
 * told apart by a character that no value contains.
 *
 * Under `Vary: Cookie` the identity replaces the cookies that name it: a session cookie signed anew on every response
 * is the same session. Other cookies count as they are.
 */
function selectingOf(request: KeyedRequest, identity: Identity): Fields {
  const fields = sentFields(request);
  for (let index = fields.length - 2; index >= 0; index -= 2) {
    const name = (fields[index] ?? '').toLowerCase();
    const folded = foldFieldName(name);
    if (folded !== name) fields.push(folded, `\n${name}\n${fields[index + 1] ?? ''}`);
  }
  if (request.known.cookie === undefined) return fields;
  const own = identity.kind === 'known' ? identity.cookies : [];
  const names = new Set(own.map(({ name }) => name));
  const others = request.cookies.filter(({ name }) => !names.has(name) && !isAnalyticsCookie(name));
  const isNobody = own.length === 0 && others.length === 0;
  if (!isNobody) fields.push('cookie', JSON.stringify([own.length > 0, formatCookies(inOneOrder(others))]));
  return fields;
}

function keyOf(
  request: KeyedRequest,
  values: readonly (string | null)[],
  material: () => readonly unknown[],
): CacheKey {
  const { scheme, host, path, query, memo } = request;
  const compute = (): CacheKey => {
    const rule = request.rule ?? null;
    const text = JSON.stringify([schemaVersion, scheme, host, path, query ?? null, rule, material()]);
    return hash('sha256', text, 'hex') as CacheKey;
  };
  return memo === undefined ? compute() : memo.keyOf({ scheme, host, path, query, values }, compute);
}

function mayBeVaried(name: string): boolean {
  return !notVaried.has(name) && !unkeyedFields.has(foldFieldName(name));
}

const notVaried: ReadonlySet<string> = new Set([
  'authorization',
  'connection',
  'content-length',
  'cookie',
  'host',
  ...conditionNames,
  'te',
  'transfer-encoding',
  'upgrade',
]);

function valueOf({ fields }: KeyedRequest, name: string): string | undefined {
  let value: string | undefined;
  for (let index = 0; index < fields.length; index += 2) {
    if (fields[index]?.toLowerCase() !== name) continue;
    const line = (fields[index + 1] ?? '').trim();
    value = value === undefined ? line : `${value}, ${line}`;
  }
  return value;
}

function unique(cookies: readonly Cookie[]): readonly Cookie[] {
  const seen = new Set<string>();
  return cookies.filter(({ name }) => !seen.has(name) && seen.add(name));
}
