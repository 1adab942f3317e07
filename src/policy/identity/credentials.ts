/** Finds the credentials of a request (CONTRACT §2 `identity`, DESIGN §5), and whether they can be read safely. */

import { type Cookie, type CookieDoubt, foldCookieName, parseCookieLine } from '../../http/cookies.ts';
import type { KnownFields } from '../../http/request-head.ts';

export type CredentialDoubt =
  CookieDoubt | 'duplicate-credential' | 'lookalike-credential' | 'several-authorizations';

type Credentials =
  | {
      readonly kind: 'ok';
      readonly cookies: readonly Cookie[];
      readonly others: readonly Cookie[];
      readonly authorization: string | undefined;
    }
  | { readonly kind: 'doubt'; readonly reason: CredentialDoubt };

/** Cookies known to count visitors, not to identify users. */
const analytics =
  /^(?:_ga(?:_.*)?|_gid|_gat(?:_.*)?|_gcl_.*|_fbp|_fbc|_hj.*|_pk_.*|_clck|_clsk|_uet.*|__utm[a-z]+|ajs_.*|amplitude_.*|mp_.*_mixpanel)$/;

/** Whether a cookie never counts as a credential unless named. */
export const isAnalyticsCookie = (name: string): boolean => analytics.test(name);

/** Reads the credentials: the cookies named in `names` (absent: all but analytics ones) and Authorization. */
export function readCredentials(
  known: KnownFields,
  repeated: readonly string[],
  names: ReadonlySet<string> | undefined,
): Credentials {
  if (repeated.includes('authorization')) return { kind: 'doubt', reason: 'several-authorizations' };
  if (repeated.includes('cookie')) return { kind: 'doubt', reason: 'several-cookie-lines' };
  const parsed = parseCookieLine(known.cookie ?? '');
  if (parsed.kind === 'doubt') return parsed;
  const cookies: Cookie[] = [];
  const others: Cookie[] = [];
  const seen = new Set<string>();
  for (const cookie of parsed.cookies) {
    const counts = names === undefined ? !isAnalyticsCookie(cookie.name) : names.has(cookie.name);
    const folded = foldCookieName(cookie.name);
    if (!counts && names !== undefined && looksLike(names, folded)) {
      return { kind: 'doubt', reason: 'lookalike-credential' };
    }
    (counts ? cookies : others).push(cookie);
    if (!counts) continue;
    if (seen.has(folded)) return { kind: 'doubt', reason: 'duplicate-credential' };
    seen.add(folded);
  }
  return { kind: 'ok', cookies, others, authorization: known.authorization };
}

/** A name that is not a credential but that a lenient server may read as one. */
function looksLike(names: ReadonlySet<string>, folded: string): boolean {
  if (names.has(folded)) return true;
  for (const name of names) if (foldCookieName(name) === folded) return true;
  return false;
}

/** Request fields besides Cookie and Authorization by which some apps identify users. */
export const credentialHeaders: ReadonlySet<string> = new Set([
  'access-token',
  'api-key',
  'apikey',
  'api-token',
  'auth-token',
  'cf-access-jwt-assertion',
  'cf-access-token',
  'cookie2',
  'proxy-authorization',
  'remote-user',
  'token',
  'x-access-token',
  'x-amz-security-token',
  'x-amzn-oidc-data',
  'x-api-key',
  'x-api-token',
  'x-apikey',
  'x-auth',
  'x-auth-request-email',
  'x-auth-request-user',
  'x-auth-token',
  'x-auth-user',
  'x-authenticated-user',
  'x-authorization',
  'x-client-cert',
  'x-csrf-token',
  'x-forwarded-access-token',
  'x-forwarded-email',
  'x-forwarded-groups',
  'x-forwarded-preferred-username',
  'x-forwarded-user',
  'x-goog-iap-jwt-assertion',
  'x-id-token',
  'x-impersonate-user',
  'x-jwt',
  'x-jwt-assertion',
  'x-ms-client-principal',
  'x-remote-user',
  'x-session',
  'x-session-id',
  'x-session-token',
  'x-ssl-client-cert',
  'x-ssl-client-s-dn',
  'x-tenant-id',
  'x-token',
  'x-user',
  'x-user-id',
  'x-user-token',
  'x-wsse',
  'x-xsrf-token',
]);
