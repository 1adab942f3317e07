/** Decides what a Flask session cookie proves about its sender (DESIGN §5). */

import { hash } from 'node:crypto';
import type { FlaskSession } from '../../config/config.ts';
import type { EpochMs } from '../../kit/time.ts';
import { type Claims, claimText } from './claims.ts';
import {
  type FlaskCookie,
  hasValidSignature,
  isWithinAge,
  parseFlaskCookie,
  readPayload,
  signedAt,
} from './flask-session.ts';
import { splitPayload } from './ignored-claims.ts';

/** Knows which session cookies the origin itself set or renewed (identities without a secret). */
export interface LearnedSessions {
  isTrusted(cookieDigest: string): boolean;
  readonly elsewhere?: LearnedElsewhere;
}

export interface LearnedElsewhere {
  /** Whether to ask about a cookie now: another instance exists and has not just said no. */
  mayKnow(cookieDigest: string): boolean;
  /** Asks; `isTrusted` has the result when it resolves. Never rejects, and waits at most until its deadline. */
  ask(cookieDigest: string): Promise<void>;
}

export type SessionDoubt = 'bad-session-signature' | 'session-out-of-date' | 'unreadable-session';

export type SessionWork = {
  readonly flask: FlaskSession | undefined;
  readonly key: Buffer | undefined;
  readonly learned: LearnedSessions;
  readonly now: EpochMs;
};

/** `material`: the session's part of the digest. `ignored`: the claims that are not part of it, as they are written. */
export type Proof =
  | {
      readonly kind: 'session';
      readonly cookie: FlaskCookie | undefined;
      readonly material: string | undefined;
      readonly ignored: ReadonlyMap<string, string>;
      readonly claims: Claims | undefined;
      readonly user: string | undefined;
      readonly isStillGood: (now: EpochMs) => boolean;
    }
  | { readonly kind: 'doubt'; readonly reason: SessionDoubt };

export const noSession: Proof & { kind: 'session' } = {
  kind: 'session',
  cookie: undefined,
  material: undefined,
  ignored: new Map(),
  claims: undefined,
  user: undefined,
  isStillGood: (): boolean => true,
};

/** Reads a session cookie: verified with the app's secret, or by how the origin treated it. */
export function readSession(value: string, work: SessionWork): Proof {
  const { flask, key } = work;
  if (flask === undefined) return noSession;
  const cookie = parseFlaskCookie(value);
  if (key === undefined) return learnedSession(value, cookie, { ...work, flask });
  if (cookie === undefined) return { kind: 'doubt', reason: 'unreadable-session' };
  if (!hasValidSignature(cookie, key)) return { kind: 'doubt', reason: 'bad-session-signature' };
  const issuedAt = signedAt(cookie);
  if (issuedAt === undefined) return { kind: 'doubt', reason: 'unreadable-session' };
  const isStillGood = (now: EpochMs): boolean => isWithinAge(issuedAt, flask.maxAge, now);
  if (!isStillGood(work.now)) return { kind: 'doubt', reason: 'session-out-of-date' };
  const part = payloadPart(cookie.payload, flask);
  if (part.claims === undefined) return { kind: 'doubt', reason: 'unreadable-session' };
  return { kind: 'session', cookie, ...part, isStillGood };
}

type PayloadPart = Pick<Proof & { kind: 'session' }, 'material' | 'ignored' | 'claims' | 'user'>;

/** A session that names no user counts as a whole: what its claims mean is not known. */
function payloadPart(payload: string, { userClaim, ignoreClaims }: FlaskSession): PayloadPart {
  const read = readPayload(payload);
  const user = read && claimText(read.claims, userClaim);
  const whole = { material: payload, ignored: noSession.ignored, claims: read?.claims, user };
  if (read === undefined || user === undefined || ignoreClaims === undefined) return whole;
  const { rest, ignored } = splitPayload(read.json, ignoreClaims);
  return { ...whole, material: `claims:${JSON.stringify(rest)}`, ignored };
}

/** Asks other instances about a session unknown here; `undefined`: nothing to wait for. */
export function askElsewhere(value: string, { flask, key, learned }: SessionWork): Promise<void> | undefined {
  if (flask === undefined || key !== undefined || learned.elsewhere === undefined) return undefined;
  const digest = sessionDigest(value);
  if (learned.isTrusted(digest) || !couldBeLearned(parseFlaskCookie(value))) return undefined;
  return learned.elsewhere.mayKnow(digest) ? learned.elsewhere.ask(digest) : undefined;
}

const couldBeLearned = (cookie: FlaskCookie | undefined): cookie is FlaskCookie =>
  cookie !== undefined && signedAt(cookie) !== undefined;

/**
 * Without a secret a cookie that the origin set or renewed counts; any other may be forged, and is its own partition
 * (DESIGN §5).
 */
function learnedSession(
  value: string,
  cookie: FlaskCookie | undefined,
  work: SessionWork & { readonly flask: FlaskSession },
): Proof {
  const { flask } = work;
  const digest = sessionDigest(value);
  const issuedAt = cookie === undefined ? undefined : signedAt(cookie);
  if (cookie === undefined || issuedAt === undefined || !work.learned.isTrusted(digest)) {
    const { learned } = work;
    const isStillUntrusted = (): boolean =>
      !learned.isTrusted(digest) && !(issuedAt !== undefined && learned.elsewhere?.mayKnow(digest) === true);
    const material = `unproven:${digest}`;
    return {
      kind: 'session',
      cookie,
      material,
      ignored: noSession.ignored,
      claims: undefined,
      user: undefined,
      isStillGood: isStillUntrusted,
    };
  }
  // The origin treats an expired cookie as anonymous, so it no longer proves anything.
  const { maxAge } = flask;
  if (!isWithinAge(issuedAt, maxAge, work.now)) return { kind: 'doubt', reason: 'session-out-of-date' };
  const part = payloadPart(cookie.payload, flask);
  const isStillTrusted = (now: EpochMs): boolean =>
    work.learned.isTrusted(digest) && isWithinAge(issuedAt, maxAge, now);
  return {
    kind: 'session',
    cookie,
    ...part,
    material: `learned:${part.material}`,
    isStillGood: isStillTrusted,
  };
}

/** A name for a session cookie where its value must not appear. */
export const sessionDigest = (value: string): string => hash('sha256', value, 'hex');
