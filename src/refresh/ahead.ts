/**
 * Decides whether to renew a response that is still fresh.
 *
 * Probabilistic early expiry (XFetch: Vattani, Chierichetti, Lowenstein, "Optimal Probabilistic Cache Stampede Prevention",
 * 2015): each request may trigger a renewal, more likely near the end and for costly fetches. So one request renews early,
 * instead of all instances at the end.
 */

import type { Seconds } from '../kit/time.ts';

/** Only in the last tenth of the lifetime: earlier renewals would cost the origin more than they save. */
export const lastShare = 0.1;

/**
 * The minimum scale of the dice, as a share of the last tenth. XFetch scales by the duration of the fetch: a fetch of 5 ms
 * would be renewed in the last milliseconds, which few requests hit.
 */
const leastSpread = 1 / 3;

export type Ageing = {
  readonly ttl: Seconds;
  readonly life: Seconds;
  /** How long the origin takes to produce it. */
  readonly cost: Seconds;
};

/** Whether a request now should renew it. `dice` is uniform in [0, 1). */
export function isDue({ ttl, life, cost }: Ageing, dice: number): boolean {
  const last = life * lastShare;
  if (ttl > last) return false;
  const spread = Math.max(cost, last * leastSpread);
  return -Math.log(Math.max(dice, Number.MIN_VALUE)) * spread >= ttl;
}
