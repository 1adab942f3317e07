/**
 * A stored response's lifetime by the current rule ([decision 8](docs/decisions/0008-lifetimes-are-not-in-the-key.md)):
 * never longer than the rule gives from the time of storing, nor than the origin allows under `obey`.
 */

import type { Config, ContentType, TtlConfig } from '../../config/config.ts';
import { combinedValue } from '../../http/fields.ts';
import { parseHttpDate } from '../../http/http-date.ts';
import type { Fields } from '../../http/message.ts';
import { type LifetimeInput, type OriginWindows, type StoredPolicy, withLifetime } from '../../http/reuse.ts';
import { shortHash } from '../../kit/short-hash.ts';
import { type Seconds, seconds } from '../../kit/time.ts';
import type { HeldConditions } from './conditions.ts';
import { ruleLifetime } from './ttl.ts';

/** What a lifetime was computed from, so that another rule can recompute it. */
export type LifetimeBasis = {
  readonly rule: string;
  /** HTTP's lifetime, measured from the response's birth. */
  readonly lifetime: Seconds;
  readonly isExplicit: boolean;
  readonly windows: OriginWindows;
  readonly held: HeldConditions;
  /** It lives no longer from its storing on: it may be the app's old copy. */
  readonly settle?: Seconds | undefined;
};

export type LifetimeRule = { readonly ttl: TtlConfig; readonly contentType: ContentType };

/** Equal for two rules that give every response the same lifetime and stale windows. */
function lifetimeDigest({ ttl, contentType }: LifetimeRule): string {
  const { staleWhileRevalidate, staleIfError, statuses, min, max, kind } = contentType;
  const ofRule = kind === 'rule' && [
    { ...ttl, popular: undefined },
    contentType.ttl,
    [...statuses],
    min,
    max,
  ];
  return shortHash([kind, staleWhileRevalidate, staleIfError, ofRule]);
}

type Lifetimes = Pick<Config, 'ttl' | 'contentTypes'>;

/** The `lifetimeDigest` of each content type, by name. */
export const lifetimeDigests = ({ ttl, contentTypes }: Lifetimes): ReadonlyMap<string, string> =>
  new Map([...contentTypes].map(([name, contentType]) => [name, lifetimeDigest({ ttl, contentType })]));

type RuleWindows = Pick<LifetimeInput, 'staleWhileRevalidate' | 'staleIfError'>;

/** The rule's stale windows; none where a `standard` type leaves them to HTTP. */
export function windowsOf({ kind, staleWhileRevalidate, staleIfError }: ContentType): RuleWindows {
  const isGiven = kind === 'rule' || staleWhileRevalidate > 0 || staleIfError > 0;
  return isGiven ? { staleWhileRevalidate, staleIfError } : {};
}

export type StoredForRule = {
  readonly key: string;
  readonly status: number;
  readonly fields: Fields;
  readonly policy: StoredPolicy;
  readonly basis: LifetimeBasis;
  readonly bodyBytes: number;
  readonly body: () => Buffer | undefined;
};

/** The policy that this rule would have given the response when it was stored. */
export function policyByRule(stored: StoredForRule, rule: LifetimeRule): StoredPolicy {
  const { policy, basis } = stored;
  const { lifetime, windows } = basis;
  const given = { lifetime, windows, ...windowsOf(rule.contentType) };
  if (rule.contentType.kind !== 'rule') return cappedPolicy(withLifetime(policy, given), basis);
  return cappedPolicy(withLifetime(policy, { ...given, ttl: ttlOf(stored, rule) }), basis);
}

/** The policy within what `settle` allows; after that the copy may be wrong, and is not given while it is renewed. */
export function cappedPolicy(policy: StoredPolicy, { settle }: Pick<LifetimeBasis, 'settle'>): StoredPolicy {
  if (settle === undefined) return policy;
  const most = policy.initialAge + settle;
  const lifetime = Math.min(policy.lifetime, most);
  const staleWhileRevalidate = Math.min(policy.staleWhileRevalidate, most - lifetime);
  return { ...policy, lifetime: seconds(lifetime), staleWhileRevalidate: seconds(staleWhileRevalidate) };
}

function ttlOf(stored: StoredForRule, { ttl, contentType }: LifetimeRule): Seconds {
  const { key, status, fields, policy, basis, bodyBytes, body } = stored;
  const { initialAge, responseTime } = policy;
  const { lifetime } = ruleLifetime({
    ttl,
    contentType,
    statusTtl: contentType.statuses.get(status),
    now: responseTime,
    jitterKey: key,
    held: basis.held,
    facts: {
      requestFields: [],
      query: undefined,
      status,
      responseFields: fields,
      bodyBytes,
      body,
      access: 'low',
      modifiedAt: parseHttpDate(combinedValue(fields, 'last-modified') ?? '', responseTime),
      originBound: originBound({ lifetime: basis.lifetime, isExplicit: basis.isExplicit, initialAge }),
    },
  });
  return lifetime;
}

/** The origin's explicit lifetime less the initial age; `undefined` without one. */
export const originBound = (given: {
  readonly lifetime: Seconds;
  readonly isExplicit: boolean;
  readonly initialAge: Seconds;
}): Seconds | undefined =>
  given.isExplicit ? seconds(Math.max(0, given.lifetime - given.initialAge)) : undefined;
