/**
 * Decides whether a stored response may answer a request now (RFC 9111 §4, §4.2.4, §5.2.1; RFC 5861; RFC 8246).
 *
 * Promises: `reuse` parses nothing, reads no clock and allocates only its result. Once stale, a response marked
 * must-revalidate, proxy-revalidate or s-maxage is never used without validation, whatever a window or a client allows.
 */
import { type EpochMs, seconds, type Seconds } from '../kit/time.ts';
import type { RequestDirectives, ResponseDirectives } from './cache-control.ts';
import { correctedInitialAge, currentAge, type ExchangeTimes } from './freshness.ts';
import type { Fields } from './message.ts';

export type StoredPolicy = {
  readonly lifetime: Seconds;
  readonly initialAge: Seconds;
  readonly responseTime: EpochMs;
  /** Never used without validation, fresh or not. */
  readonly noCache: boolean;
  /** Once stale, never used without validation. */
  readonly mustRevalidate: boolean;
  readonly immutable: boolean;
  /** These say how long past its lifetime it may be used. */
  readonly staleWhileRevalidate: Seconds;
  readonly staleIfError: Seconds;
  readonly staleIfDisconnected: Seconds;
};

export type StoredPolicyInput = ExchangeTimes &
  Omit<LifetimeInput, 'windows'> & {
    readonly fields: Fields;
    /** `noResponseDirectives` under a rule with `cache_control: override`. */
    readonly directives: ResponseDirectives;
  };

export type LifetimeInput = {
  /** HTTP's freshness lifetime, measured from the response's birth (its age counts against it). */
  readonly lifetime: Seconds;
  readonly windows: OriginWindows;
  /** A rule's lifetime, measured from receipt, in place of `lifetime`. */
  readonly ttl?: Seconds;
  /** The rule's windows; if the origin gives one too, the shorter applies. */
  readonly staleWhileRevalidate?: Seconds;
  readonly staleIfError?: Seconds;
};

export type OriginWindows = {
  readonly staleWhileRevalidate?: Seconds | undefined;
  readonly staleIfError?: Seconds | undefined;
};

export type StaleReason = 'stale-while-revalidate' | 'max-stale';

export type ValidateReason =
  'no-cache' | 'stale' | 'request-no-cache' | 'request-max-age' | 'request-min-fresh';

/** `ttl` is the rest of the lifetime, negative once stale. */
export type Reuse =
  | { readonly kind: 'fresh'; readonly age: Seconds; readonly ttl: Seconds }
  | { readonly kind: 'stale'; readonly age: Seconds; readonly ttl: Seconds; readonly why: StaleReason }
  | {
      readonly kind: 'validate';
      readonly age: Seconds;
      readonly ttl: Seconds;
      readonly reason: ValidateReason;
    }
  /** Validation is needed and `only-if-cached` forbids it: 504 (RFC 9111 §5.2.1.7). */
  | {
      readonly kind: 'must-not-forward';
      readonly age: Seconds;
      readonly ttl: Seconds;
      readonly reason: ValidateReason;
    };

/** How the origin failed: it was unreachable or disconnected, or it answered 500, 502, 503 or 504. */
export type OriginTrouble = 'disconnected' | 'error';

type ServeOnError =
  | {
      readonly kind: 'serve';
      readonly age: Seconds;
      readonly ttl: Seconds;
      readonly why: 'fresh' | 'stale-if-error' | 'disconnected';
    }
  | { readonly kind: 'fail' };

/** How long a stale response stands in for an unreachable origin if no window says otherwise (§4.2.4). */
export const longestDisconnection: Seconds = seconds(24 * 60 * 60);

export const validateClauses: Readonly<Record<ValidateReason, string>> = {
  'no-cache': 'RFC 9111 §5.2.2.4: no-cache in the response: not used without validation',
  stale:
    'RFC 9111 §4.2.4: stale, and neither client nor origin allows stale use, or a directive prohibits it',
  'request-no-cache': 'RFC 9111 §5.2.1.4: no-cache in the request (or Pragma, §5.4)',
  'request-max-age': 'RFC 9111 §5.2.1.1: older than the max-age of the request',
  'request-min-fresh': 'RFC 9111 §5.2.1.3: not fresh for as long as the min-fresh of the request',
};

/** The policy to store with a response. */
export function storedPolicy(input: StoredPolicyInput): StoredPolicy {
  const { fields, directives, responseTime } = input;
  const fixed = {
    initialAge: correctedInitialAge(fields, input),
    responseTime,
    noCache: directives.noCache,
    // §5.2.2.2, §5.2.2.8, §5.2.2.10: each means, to a shared cache, "once stale, not without successful validation".
    mustRevalidate:
      directives.mustRevalidate || directives.proxyRevalidate || directives.sMaxage !== undefined,
    immutable: directives.immutable,
  };
  return withLifetime(fixed, { ...input, windows: directives });
}

type FixedPolicy = Omit<
  StoredPolicy,
  'lifetime' | 'staleWhileRevalidate' | 'staleIfError' | 'staleIfDisconnected'
>;

/** The policy with its lifetime and stale windows recomputed. */
export function withLifetime<Policy extends FixedPolicy>(
  policy: Policy,
  { lifetime, windows, ttl, staleWhileRevalidate, staleIfError: ifError }: LifetimeInput,
): Policy & StoredPolicy {
  const neverStale = policy.mustRevalidate || policy.noCache;
  const staleIfError = neverStale ? seconds(0) : windowOf(windows.staleIfError, ifError);
  const isBounded = ttl !== undefined || windows.staleIfError !== undefined || ifError !== undefined;
  return {
    ...policy,
    lifetime: ttl === undefined ? lifetime : seconds(policy.initialAge + ttl),
    staleWhileRevalidate: neverStale
      ? seconds(0)
      : windowOf(windows.staleWhileRevalidate, staleWhileRevalidate),
    staleIfError,
    staleIfDisconnected: neverStale || isBounded ? staleIfError : longestDisconnection,
  };
}

/** How the stored response may be used for a request with these directives at `now`. */
export function reuse(stored: StoredPolicy, request: RequestDirectives, now: EpochMs): Reuse {
  const age = currentAge(stored, now);
  const ttl = seconds(stored.lifetime - age);
  const reason = obstacle(stored, request, { age, ttl });
  if (reason === undefined)
    return ttl > 0 ? { kind: 'fresh', age, ttl } : staleUse(stored, request, { age, ttl });
  // §5.2.1.7: only-if-cached: "the client only wishes to obtain a stored response".
  return { kind: request.onlyIfCached ? 'must-not-forward' : 'validate', age, ttl, reason };
}

/** Whether the stored response may stand in for an origin in trouble (RFC 5861 §4, RFC 9111 §4.2.4). */
export function mayServeOnError(
  stored: StoredPolicy,
  request: RequestDirectives,
  { now, trouble }: { now: EpochMs; trouble: OriginTrouble },
): ServeOnError {
  const age = currentAge(stored, now);
  const ttl = seconds(stored.lifetime - age);
  if (stored.noCache || requestObstacle(stored, request, { age, ttl }) !== undefined) return { kind: 'fail' };
  if (ttl > 0) return { kind: 'serve', age, ttl, why: 'fresh' };
  if (stored.mustRevalidate) return { kind: 'fail' };
  // RFC 5861 §4: a request may have stale-if-error too.
  const window = Math.max(stored.staleIfError, request.staleIfError ?? 0);
  const staleFor = 0 - ttl;
  if (staleFor <= window) return { kind: 'serve', age, ttl, why: 'stale-if-error' };
  const canWait = trouble === 'disconnected' && staleFor <= stored.staleIfDisconnected;
  return canWait ? { kind: 'serve', age, ttl, why: 'disconnected' } : { kind: 'fail' };
}

type AgeAndTtl = { readonly age: Seconds; readonly ttl: Seconds };

function windowOf(ofOrigin: Seconds | undefined, ofRule: Seconds | undefined): Seconds {
  if (ofOrigin === undefined) return ofRule ?? seconds(0);
  return ofRule === undefined ? ofOrigin : seconds(Math.min(ofOrigin, ofRule));
}

function obstacle(
  stored: StoredPolicy,
  request: RequestDirectives,
  { age, ttl }: AgeAndTtl,
): ValidateReason | undefined {
  // §5.2.2.4: without field names, fresh or not.
  if (stored.noCache) return 'no-cache';
  const ofRequest = requestObstacle(stored, request, { age, ttl });
  if (ofRequest !== undefined || ttl > 0) return ofRequest;
  return staleness(stored, request, ttl) === undefined ? 'stale' : undefined;
}

function requestObstacle(
  stored: StoredPolicy,
  request: RequestDirectives,
  { age, ttl }: AgeAndTtl,
): ValidateReason | undefined {
  // §5.2.1.4.
  if (request.noCache) return 'request-no-cache';
  // RFC 8246 §2.1: the max-age=0 of a plain reload does not validate a fresh immutable response; no-cache does.
  const isImmutable = stored.immutable && ttl > 0;
  // No response is young enough for max-age=0, not even one received at this instant.
  const isOlder = request.maxAge !== undefined && (age > request.maxAge || request.maxAge === 0);
  if (request.maxAge !== undefined && isOlder && !isImmutable) {
    // §5.2.1.1: unless max-stale covers the difference.
    if (age - request.maxAge > (request.maxStale ?? -1)) return 'request-max-age';
  }
  // §5.2.1.3.
  if (request.minFresh !== undefined && ttl < request.minFresh) return 'request-min-fresh';
  return undefined;
}

// §4.2.4: stale only when client or origin allow it, and never when a directive prohibits it.
function staleness(stored: StoredPolicy, request: RequestDirectives, ttl: Seconds): StaleReason | undefined {
  if (stored.mustRevalidate) return undefined;
  const staleFor = 0 - ttl;
  // RFC 5861 §3. A client that sends max-age without max-stale does not accept a stale response (§5.2.1.1).
  const agrees = request.maxAge === undefined || request.maxStale !== undefined;
  if (staleFor <= stored.staleWhileRevalidate && stored.staleWhileRevalidate > 0 && agrees)
    return 'stale-while-revalidate';
  // §5.2.1.2.
  return request.maxStale !== undefined && staleFor <= request.maxStale ? 'max-stale' : undefined;
}

function staleUse(stored: StoredPolicy, request: RequestDirectives, { age, ttl }: AgeAndTtl): Reuse {
  const why = staleness(stored, request, ttl) ?? 'max-stale';
  return { kind: 'stale', age, ttl, why };
}
