/** Decides what a Flask session cookie proves about its sender (DESIGN §5). */

import { hash } from 'node:crypto';
import type { FlaskSession } from '../../config/config.ts';
import { type EpochMs, seconds } from '../../kit/time.ts';
import { type Claims, claimText } from './claims.ts';
import {
  decodePayload,
  type FlaskCookie,
  hasValidSignature,
  isWithinAge,
  parseFlaskCookie,
  signedAt,
} from './flask-session.ts';

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

/** `material`: the session's part of the digest. */
export type Proof =
  | {
      readonly kind: 'session';
      readonly cookie: FlaskCookie | undefined;
      readonly material: string | undefined;
      readonly claims: Claims | undefined;
      readonly user: string | undefined;
      readonly isStillGood: (now: EpochMs) => boolean;
    }
  | { readonly kind: 'doubt'; readonly reason: SessionDoubt };

export const noSession: Proof & { kind: 'session' } = {
  kind: 'session',
  cookie: undefined,
  material: undefined,
  claims: undefined,
  user: undefined,
  isStillGood: (): boolean => true,
};

/** Reads a session cookie: verified with the app's secret, or by how the origin treated it. */
export function readSession(value: string, work: SessionWork): Proof {
  const { flask, key } = work;
  if (flask === undefined) return noSession;
  const cookie = parseFlaskCookie(value);
  if (key === undefined) return learnedSession(value, cookie, work);
  if (cookie === undefined) return { kind: 'doubt', reason: 'unreadable-session' };
  if (!hasValidSignature(cookie, key)) return { kind: 'doubt', reason: 'bad-session-signature' };
  const issuedAt = signedAt(cookie);
  if (issuedAt === undefined) return { kind: 'doubt', reason: 'unreadable-session' };
  const isStillGood = (now: EpochMs): boolean => isWithinAge(issuedAt, flask.maxAge, now);
  if (!isStillGood(work.now)) return { kind: 'doubt', reason: 'session-out-of-date' };
  const claims = decodePayload(cookie.payload);
  if (claims === undefined) return { kind: 'doubt', reason: 'unreadable-session' };
  return {
    kind: 'session',
    cookie,
    material: cookie.payload,
    claims,
    user: claimText(claims, flask.userClaim),
    isStillGood,
  };
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
function learnedSession(value: string, cookie: FlaskCookie | undefined, work: SessionWork): Proof {
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
      claims: undefined,
      user: undefined,
      isStillGood: isStillUntrusted,
    };
  }
  // The origin treats an expired cookie as anonymous, so it no longer proves anything.
  const maxAge = work.flask?.maxAge ?? seconds(0);
  if (!isWithinAge(issuedAt, maxAge, work.now)) return { kind: 'doubt', reason: 'session-out-of-date' };
  const claims = decodePayload(cookie.payload);
  const user = claims === undefined ? undefined : claimText(claims, work.flask?.userClaim ?? '');
  const isStillTrusted = (now: EpochMs): boolean =>
    work.learned.isTrusted(digest) && isWithinAge(issuedAt, maxAge, now);
  return {
    kind: 'session',
    cookie,
    material: `learned:${cookie.payload}`,
    claims,
    user,
    isStillGood: isStillTrusted,
  };
}

/** A name for a session cookie where its value must not appear. */
export const sessionDigest = (value: string): string => hash('sha256', value, 'hex');
