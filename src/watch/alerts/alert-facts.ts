/** The facts of an alert as numbers (pure), for readers that word it in another language. */

import type { Seconds } from '../../kit/time.ts';
import type { Reading, WatchedAlert, WatchedCondition } from './alerts.ts';

/** `bound`: a share, seconds or bytes, by the condition's kind; absent for a state. */
export type ConditionFacts = { readonly kind: WatchedCondition['kind']; readonly bound: number | undefined };

/** What was measured when it fired or resolved: `value` in the unit of its bound, over `of` requests. */
export type AlertFacts = ConditionFacts & {
  readonly for: Seconds;
  readonly value: number | boolean | undefined;
  readonly of: number | undefined;
  readonly reasons: Reading['reasons'];
};

/** A condition and its bound. */
export function conditionFacts(when: WatchedCondition): ConditionFacts {
  const { kind } = when;
  if ('share' in when) return { kind, bound: when.share };
  if ('duration' in when) return { kind, bound: when.duration };
  return { kind, bound: 'bytes' in when ? when.bytes : undefined };
}

/** An alert and its measurements. */
export function alertFacts({ when, for: span }: WatchedAlert, reading: Reading): AlertFacts {
  const isHitRate = when.kind === 'hit_rate_below';
  const reasons = isHitRate
    ? reading.reasons.slice(0, 2).map(({ reason, share }) => ({ reason, share }))
    : [];
  return { ...conditionFacts(when), for: span, ...measured(when, reading), reasons };
}

function measured({ kind }: WatchedCondition, reading: Reading): Pick<AlertFacts, 'value' | 'of'> {
  switch (kind) {
    case 'hit_rate_below':
      return { value: reading.hitRate, of: reading.reads };
    case 'origin_error_rate_above':
      return { value: reading.originErrorRate, of: reading.originRequests };
    case 'origin_latency_above':
      return { value: reading.originLatency, of: reading.originRequests };
    case 'purge_lag_above':
      return { value: reading.purgeLag, of: undefined };
    case 'memory_above':
    case 'leak_suspected':
      return { value: reading.residentBytes, of: undefined };
    case 'redis_bytes_above':
      return { value: reading.redisBytes, of: undefined };
    case 'redis_down':
      return { value: reading.redisDown, of: undefined };
    default:
      return kind satisfies never;
  }
}
