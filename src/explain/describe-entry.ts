/** A stored response as operators may see it: without body and key, its owner only as a digest. */

import type { LifetimeField } from '../http/app-fields.ts';
import { effectiveDirectives } from '../http/cache-control.ts';
import { type FreshnessSource, freshnessLifetime, currentAge } from '../http/freshness.ts';
import { reuse } from '../http/reuse.ts';
import { noRequestDirectives } from '../http/cache-control.ts';
import type { EpochMs } from '../kit/time.ts';
import { shortPartition } from '../policy/identity/identity.ts';
import type { PurgeLog } from '../store/purge-log.ts';
import { type EntryHead, headBytes } from '../store/store.ts';

/** One stored variant. Durations are whole seconds; `ttl` is what is left, negative once stale. */
export type EntryView = {
  readonly host: string;
  readonly target: string;
  readonly status: number;
  readonly content_type: string;
  /** `public`, `anonymous`, or the first 16 digits of an identity's digest, which `purge --user` takes. */
  readonly partition: string;
  /** `validate`: used only after the origin confirms it; `purged`: never used again. */
  readonly state: 'fresh' | 'stale' | 'validate' | 'purged';
  readonly age: number;
  readonly ttl: number;
  readonly lifetime: number;
  readonly stored_at: string;
  readonly tags: readonly string[];
  readonly vary: readonly string[];
  readonly size: number;
  readonly stored_size: number;
  readonly hits: number;
  readonly tier: 'memory' | 'redis';
  readonly origin_seconds: number;
  readonly why_stored: string;
};

export type EntryPlace = Pick<EntryView, 'hits' | 'tier'>;

/** `lifetimes`: the fields that the app may give a lifetime by (`accept.lifetimes`). */
export type Described = {
  readonly now: EpochMs;
  readonly purgeLog: PurgeLog;
  readonly place: EntryPlace;
  readonly lifetimes: readonly LifetimeField[];
};

/** As of `now`. */
export function describeEntry(entry: EntryHead, { now, purgeLog, place, lifetimes }: Described): EntryView {
  const { policy, partition } = entry;
  const age = currentAge(policy, now);
  return {
    host: entry.host,
    target: entry.target,
    status: entry.status,
    content_type: entry.contentType,
    partition: shortPartition(partition),
    state: stateOf(entry, purgeLog, now),
    age: Math.floor(age),
    ttl: Math.floor(policy.lifetime - age),
    lifetime: Math.floor(policy.lifetime),
    stored_at: new Date(entry.responseTime).toISOString(),
    tags: entry.tags,
    vary: entry.selection.names,
    size: entry.bodyBytes,
    stored_size: headBytes(entry),
    hits: place.hits,
    tier: place.tier,
    origin_seconds: entry.originSeconds,
    why_stored: whyStored(entry, lifetimes),
  };
}

function stateOf(entry: EntryHead, purgeLog: PurgeLog, now: EpochMs): EntryView['state'] {
  const verdict = purgeLog.verdict(entry).kind;
  if (verdict === 'purged') return 'purged';
  const { kind } = reuse(entry.policy, noRequestDirectives, now);
  if (kind === 'must-not-forward') return 'validate';
  if (kind !== 'fresh' || verdict === 'current') return kind;
  return entry.policy.staleWhileRevalidate > 0 ? 'stale' : 'validate';
}

const sources: Readonly<Record<FreshnessSource, string>> = {
  targeted: 'the lifetime of its targeted field (RFC 9213)',
  's-maxage': 's-maxage (RFC 9111 §5.2.2.10)',
  'max-age': 'max-age (RFC 9111 §5.2.2.1)',
  expires: 'Expires (RFC 9111 §5.3)',
  heuristic: 'a tenth of the time since Last-Modified (RFC 9111 §4.2.2)',
  none: 'no lifetime: kept for its validator',
};

function whyStored(
  { contentType, status, fields, responseTime }: EntryHead,
  lifetimes: readonly LifetimeField[],
): string {
  if (contentType !== 'standard') return `rule ${contentType}`;
  const directives = effectiveDirectives(fields, lifetimes);
  const { source } = freshnessLifetime({ status, fields }, { directives, responseTime });
  const { targetedBy } = directives;
  const isOther = targetedBy === 'surrogate-control' || targetedBy === 'x-accel-expires';
  return `HTTP: ${source === 'targeted' && isOther ? `the lifetime of ${targetedBy}` : sources[source]}`;
}
