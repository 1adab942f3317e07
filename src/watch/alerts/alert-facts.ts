/** The facts of an alert as numbers (pure), for readers that word it in another language. */

import type { Seconds } from '../../kit/time.ts';
import { boundOf, measured, type Reading, type WatchedAlert, type WatchedCondition } from './alerts.ts';

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
export const conditionFacts = (when: WatchedCondition): ConditionFacts => ({
  kind: when.kind,
  bound: boundOf(when),
});

/** An alert and its measurements. */
export function alertFacts({ when, for: span }: WatchedAlert, reading: Reading): AlertFacts {
  const isHitRate = when.kind === 'hit_rate_below';
  const reasons = isHitRate
    ? reading.reasons.slice(0, 2).map(({ reason, share }) => ({ reason, share }))
    : [];
  return { ...conditionFacts(when), for: span, ...measured(when, reading), reasons };
}
