/**
 * The lifetime of a response that is stored already, by the rule in force now ([decision 8](docs/decisions/0008-lifetimes-are-not-in-the-key.md)).
 *
 * Promises: pure; never longer than the rule gives from the time the response was stored, never longer than the origin
 * allows under `obey`; the same rule gives the same again.
 */

import { hash } from 'node:crypto';
import type { Config, ContentType, TtlConfig } from '../../config/config.ts';
import { combinedValue } from '../../http/fields.ts';
import { parseHttpDate } from '../../http/http-date.ts';
import type { Fields } from '../../http/message.ts';
import { type LifetimeInput, type OriginWindows, type StoredPolicy, withLifetime } from '../../http/reuse.ts';
import { type Seconds, seconds } from '../../kit/time.ts';
import type { HeldConditions } from './conditions.ts';
import { ruleLifetime } from './ttl.ts';

/** What a lifetime was made of, so that another rule can make it anew. */
export type LifetimeBasis = {
  /** `lifetimeDigest` of the rule that made it. */
  readonly rule: string;
  /** What HTTP gives, measured from the response's birth, and whether the origin itself said so. */
  readonly lifetime: Seconds;
  readonly isExplicit: boolean;
  readonly windows: OriginWindows;
  readonly held: HeldConditions;
};

/** All that decides how long responses of a type are used. */
export type LifetimeRule = { readonly ttl: TtlConfig; readonly contentType: ContentType };

/** The same for two rules that give every response the same lifetime and stale windows. */
function lifetimeDigest({ ttl, contentType }: LifetimeRule): string {
  const { staleWhileRevalidate, staleIfError, statuses, min, max, kind } = contentType;
  const ofRule = kind === 'rule' && [
    { ...ttl, popular: undefined },
    contentType.ttl,
    [...statuses],
    min,
    max,
  ];
  const material = [kind, staleWhileRevalidate, staleIfError, ofRule];
  return hash('sha256', JSON.stringify(material), 'base64url').slice(0, 16);
}

/** `lifetimeDigest` of each content type, by name. */
export const lifetimeDigests = ({
  ttl,
  contentTypes,
}: Pick<Config, 'ttl' | 'contentTypes'>): ReadonlyMap<string, string> =>
  new Map([...contentTypes].map(([name, contentType]) => [name, lifetimeDigest({ ttl, contentType })]));

/** The stale windows a rule gives; HTTP's own, where a `standard` type gives none. */
export function windowsOf({
  kind,
  staleWhileRevalidate,
  staleIfError,
}: ContentType): Pick<LifetimeInput, 'staleWhileRevalidate' | 'staleIfError'> {
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
  /** Without the coding it is stored in. */
  readonly body: () => Buffer | undefined;
};

/** The policy of a stored response as this rule would have made it then. */
export function policyByRule(stored: StoredForRule, rule: LifetimeRule): StoredPolicy {
  const { policy, basis } = stored;
  const { lifetime, windows } = basis;
  const given = { lifetime, windows, ...windowsOf(rule.contentType) };
  if (rule.contentType.kind !== 'rule') return withLifetime(policy, given);
  return withLifetime(policy, { ...given, ttl: ttlOf(stored, rule) });
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

/** The origin's explicit lifetime less the age it came with; `undefined`: it gave none. */
export const originBound = (given: {
  readonly lifetime: Seconds;
  readonly isExplicit: boolean;
  readonly initialAge: Seconds;
}): Seconds | undefined =>
  given.isExplicit ? seconds(Math.max(0, given.lifetime - given.initialAge)) : undefined;
