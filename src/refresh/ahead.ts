/**
 * Is it time to renew a response that is still fresh?
 *
 * Probabilistic early expiry (XFetch: Vattani, Chierichetti, Lowenstein, "Optimal Probabilistic Cache Stampede Prevention",
 * 2015): each request throws dice, the more willingly the closer the end and the costlier the fetch; so that one request
 * renews before the end, and not those of all instances at once.
 */

import type { Seconds } from '../kit/time.ts';

/** Renewed in the last tenth of its life, never before: earlier renewals would cost the origin more than they spare people. */
export const lastShare = 0.1;

/**
 * What the dice are scaled with at the least, as a share of the last tenth. XFetch alone throws them by the fetch's duration:
 * a fetch of 5 ms would be renewed in the last milliseconds, which few requests hit.
 */
const leastSpread = 1 / 3;

export type Ageing = {
  /** What is left of its life. */
  readonly ttl: Seconds;
  /** All of its life. */
  readonly life: Seconds;
  /** How long the origin takes for it. */
  readonly cost: Seconds;
};

/** Whether a request at this moment should renew it. `dice` is evenly spread over 0 to 1. */
export function isDue({ ttl, life, cost }: Ageing, dice: number): boolean {
  const last = life * lastShare;
  if (ttl > last) return false;
  const spread = Math.max(cost, last * leastSpread);
  return -Math.log(Math.max(dice, Number.MIN_VALUE)) * spread >= ttl;
}
