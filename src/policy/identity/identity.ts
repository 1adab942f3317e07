/**
 * Identifies who sent a request (CONTRACT §2.2, DESIGN §5).
 *
 * Promises: an identity is a digest of proven or complete credentials, never of unverified claims. Anything that cannot be
 * established safely is `doubt`, and a request in doubt is passed. Only a verified or learned session names `{user}`.
 */

import { hash } from 'node:crypto';
import type { IdentityConfig, Jwt } from '../../config/config.ts';
import type { Cookie } from '../../http/cookies.ts';
import type { Fields } from '../../http/message.ts';
import type { KnownFields } from '../../http/request-head.ts';
import { BoundedMap } from '../../kit/bounded-map.ts';
import type { EpochMs } from '../../kit/time.ts';
import { type Claims, claimText } from './claims.ts';
import { type CredentialDoubt, readCredentials } from './credentials.ts';
import { type FlaskCookie, flaskSigningKey } from './flask-session.ts';
import { foldFieldName } from '../../http/field-name.ts';
import {
  askElsewhere,
  type LearnedSessions,
  noSession,
  type Proof,
  readSession,
  type SessionDoubt,
  type SessionWork,
} from './session-proof.ts';

type Partition = string;

/** A partition in the form that may be shown. */
export const shortPartition = (partition: string): string =>
  /^[0-9a-f]{64}$/.test(partition) ? partition.slice(0, 16) : partition;

export type IdentityDoubt =
  | CredentialDoubt
  | SessionDoubt
  | 'credential-without-session'
  | 'several-tokens'
  | 'bad-token'
  | 'unknown-credential';

/** `credentials`: the cookies to forward; `session`: the Flask cookie that a renewal is compared with. */
export type Identity =
  | { readonly kind: 'anonymous' }
  | {
      readonly kind: 'known';
      readonly partition: Partition;
      /** The value of `{user}`: the verified claim, else the partition. */
      readonly user: string;
      readonly claims: Claims | undefined;
      /** The claims of the session that the partition leaves out, as they are written. */
      readonly ignored: ReadonlyMap<string, string>;
      /** In a fixed order, so that all requests with one key send the same. */
      readonly cookies: readonly Cookie[];
      readonly tokenFields: Fields;
      readonly session: FlaskCookie | undefined;
      /** Whether the credentials that showed it still do. */
      readonly isStillGood: (now: EpochMs) => boolean;
    }
  | { readonly kind: 'doubt'; readonly reason: IdentityDoubt };

export type VerifyJwt = (token: string, now: EpochMs) => Promise<Claims | undefined>;

export type IdentityRequest = {
  readonly known: KnownFields;
  readonly repeated: readonly string[];
  readonly fields: Fields;
};

export type Identify = (request: IdentityRequest, now: EpochMs) => Identity | Promise<Identity>;

type IdentifyOptions = {
  readonly config: IdentityConfig;
  readonly learned: LearnedSessions;
  readonly verifyJwt: VerifyJwt | undefined;
};

type Remembered = { readonly identity: Identity; readonly isStillGood: (now: EpochMs) => boolean };

/** Whether `identify` would tell the same of the same request at another time. */
export const isStillGood = (identity: Identity, now: EpochMs): boolean =>
  identity.kind === 'known' ? identity.isStillGood(now) : identity.kind === 'anonymous';

const anonymous: Identity = { kind: 'anonymous' };
const doubt = (reason: IdentityDoubt): Identity => ({ kind: 'doubt', reason });
const always = (): boolean => true;

/** How many sets of credentials are remembered, and how long one may be: at most about 25 MB. */
const mostRemembered = 4096;
const longestRemembered = 6144;

/** Creates the function that identifies requests. It remembers its answers in a bounded map. */
export function createIdentify({ config, learned, verifyJwt }: IdentifyOptions): Identify {
  const names = credentialNames(config);
  const flask = config.flaskSession;
  const key = flask?.secret === undefined ? undefined : flaskSigningKey(flask.secret);
  // Looked up by the line as received, without a new string.
  const byCookie = new BoundedMap<string, Remembered>(mostRemembered);
  const byAll = new BoundedMap<string, Remembered>(mostRemembered);

  return (request, now) => {
    const { known, repeated } = request;
    const token = config.jwt?.from.kind === 'header' ? headerToken(config.jwt, request) : undefined;
    if (token === 'several') return doubt('several-tokens');
    if (known.cookie === undefined && known.authorization === undefined && token === undefined)
      return anonymous;
    if (repeated.length > 0 && (repeated.includes('cookie') || repeated.includes('authorization'))) {
      return doubt(repeated.includes('cookie') ? 'several-cookie-lines' : 'several-authorizations');
    }
    const isCookieOnly = known.authorization === undefined && token === undefined;
    const remembered = isCookieOnly ? byCookie : byAll;
    const memoKey = isCookieOnly
      ? (known.cookie ?? '')
      : JSON.stringify([known.cookie, known.authorization, token]);
    const before = remembered.get(memoKey);
    if (before?.isStillGood(now) === true) return before.identity;
    const work = { known, repeated, names, flask, key, learned, now, token, jwt: config.jwt, verifyJwt };
    const result = tellIdentity(work);
    const remember = (answer: Remembered): Identity => {
      if (memoKey.length <= longestRemembered) remembered.set(memoKey, answer);
      return answer.identity;
    };
    return result instanceof Promise ? result.then(remember) : remember(result);
  };
}

function credentialNames(config: IdentityConfig): ReadonlySet<string> | undefined {
  if (config.credentials === undefined) return undefined;
  const names = new Set(config.credentials);
  if (config.flaskSession !== undefined) names.add(config.flaskSession.cookie);
  if (config.jwt?.from.kind === 'cookie') names.add(config.jwt.from.name);
  return names;
}

type Work = SessionWork & {
  readonly known: KnownFields;
  readonly repeated: readonly string[];
  readonly names: ReadonlySet<string> | undefined;
  readonly token: string | undefined;
  readonly jwt: Jwt | undefined;
  readonly verifyJwt: VerifyJwt | undefined;
};

const answer = (identity: Identity, isStillGood: (now: EpochMs) => boolean = always): Remembered => ({
  identity,
  isStillGood,
});

function tellIdentity(work: Work): Remembered | Promise<Remembered> {
  const credentials = readCredentials(work.known, work.repeated, work.names);
  if (credentials.kind === 'doubt') return answer(credentials);
  const { cookies, authorization } = credentials;
  if (cookies.length === 0 && authorization === undefined && work.token === undefined)
    return answer(anonymous);
  const session =
    work.flask === undefined ? undefined : cookies.find(({ name }) => name === work.flask?.cookie);
  if (work.flask !== undefined && session === undefined && cookies.length > 0 && work.jwt === undefined) {
    // DESIGN §5: remember_me logs a user in within the same request; such a request is not anonymous.
    return answer(doubt('credential-without-session'));
  }
  const asked = session === undefined ? undefined : askElsewhere(session.value, work);
  const known = { ...credentials, session };
  return asked === undefined ? identityBy(known, work) : asked.then(() => identityBy(known, work));
}

type Shown = {
  readonly cookies: readonly Cookie[];
  readonly authorization: string | undefined;
  readonly session: Cookie | undefined;
};

function identityBy(credentials: Shown, work: Work): Remembered | Promise<Remembered> {
  const { session } = credentials;
  const proof = session === undefined ? noSession : readSession(session.value, work);
  if (proof.kind === 'doubt') return answer(doubt(proof.reason), (now) => now === work.now);
  const common = {
    proof,
    rest: restOf(credentials, work),
    cookies: [...credentials.cookies].sort(byName),
    tokenFields: tokenFieldsOf(work),
  };
  const token = work.token ?? tokenOf(work.jwt, credentials);
  if (token === undefined || work.verifyJwt === undefined) {
    return answer(identityOf({ ...common, isStillGood: proof.isStillGood }), proof.isStillGood);
  }
  return work.verifyJwt(token, work.now).then((claims) => tokenAnswer(common, claims, work));
}

/** Credentials other than the verified session and token count with their names and complete values. */
function restOf(
  { cookies, authorization, session }: Shown,
  work: Work,
): readonly (readonly [string, string])[] {
  const from = work.jwt?.from;
  const rest = cookies
    .filter((cookie) => cookie !== session && !(from?.kind === 'cookie' && cookie.name === from.name))
    .map(({ name, value }) => [name, value] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const isTokenHeader = from?.kind === 'header' && from.name === 'authorization' && work.token !== undefined;
  return authorization === undefined || isTokenHeader
    ? rest
    : [...rest, ['authorization', authorization] as const];
}

const byName = (one: Cookie, other: Cookie): number => (one.name < other.name ? -1 : 1);

type Known = {
  readonly proof: Proof & { kind: 'session' };
  readonly rest: readonly (readonly [string, string])[];
  readonly cookies: readonly Cookie[];
  readonly tokenFields: Fields;
};

type Token = { readonly material: string; readonly user: string | undefined; readonly claims: Claims };

function identityOf(
  { proof, rest, ...sent }: Known & { isStillGood: (now: EpochMs) => boolean },
  token?: Token,
): Identity {
  const partition = hash('sha256', JSON.stringify([proof.material, token?.material, rest]), 'hex');
  return {
    kind: 'known',
    partition,
    user: proof.user ?? token?.user ?? partition.slice(0, 16),
    claims: proof.claims ?? token?.claims,
    ignored: proof.ignored,
    ...sent,
    session: proof.cookie,
  };
}

function tokenOf(jwt: Jwt | undefined, { cookies }: Pick<Shown, 'cookies'>): string | undefined {
  return jwt?.from.kind === 'cookie' ? cookies.find(({ name }) => name === jwt.from.name)?.value : undefined;
}

/** The token in a field; `several` if servers could disagree which one it is. */
function headerToken(jwt: Jwt, { known, fields }: IdentityRequest): string | undefined {
  if (jwt.from.name === 'authorization') {
    return /^Bearer +([^ ,]+)$/i.exec(known.authorization ?? '')?.[1];
  }
  const wanted = foldFieldName(jwt.from.name);
  let token: string | undefined;
  for (let index = 0; index < fields.length; index += 2) {
    if (foldFieldName(fields[index] ?? '') !== wanted) continue;
    if (token !== undefined) return 'several';
    token = fields[index + 1];
  }
  return token;
}

function tokenFieldsOf({ jwt, token }: Work): Fields {
  const isField = jwt?.from.kind === 'header' && jwt.from.name !== 'authorization' && token !== undefined;
  return isField ? [jwt.from.name, token] : [];
}

/** Claims that change with every renewal of a token and do not identify anybody (RFC 7519 §4.1). */
const volatileClaims: ReadonlySet<string> = new Set(['iat', 'exp', 'nbf', 'jti']);

/** How long a verification is trusted: the issuer may withdraw the key. */
const believedMs = 300_000;

function tokenAnswer(
  known: Known,
  claims: Claims | undefined,
  { jwt, now: verifiedAt }: Pick<Work, 'jwt' | 'now'>,
): Remembered {
  if (claims === undefined) return answer(doubt('bad-token'), (now) => now < 0);
  const stable = Object.entries(claims)
    .filter(([name]) => !volatileClaims.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const user = claimText(claims, jwt?.claim ?? 'sub');
  const expiresAt = typeof claims['exp'] === 'number' ? claims['exp'] * 1000 : Number.POSITIVE_INFINITY;
  const token = { material: JSON.stringify(stable), user, claims };
  const isStillGood = (now: EpochMs): boolean =>
    now >= verifiedAt && now < Math.min(expiresAt, verifiedAt + believedMs) && known.proof.isStillGood(now);
  return answer(identityOf({ ...known, isStillGood }, token), isStillGood);
}
