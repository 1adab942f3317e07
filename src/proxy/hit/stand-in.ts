/** May a stored response stand in for an origin that is in trouble, or too slow for `stale_after`? */

import type { RequestDirectives } from '../../http/cache-control.ts';
import { currentAge } from '../../http/freshness.ts';
import { mayServeOnError, type OriginTrouble } from '../../http/reuse.ts';
import { type EpochMs, type Seconds, seconds } from '../../kit/time.ts';
import type { Entry } from '../../store/store.ts';
import type { StandInDetail } from '../exchange/outcome.ts';

export type Trouble = OriginTrouble | 'slow';

type StandIn = { readonly age: Seconds; readonly ttl: Seconds; readonly detail: StandInDetail };

/** `undefined`: the client must have the origin's answer, or the news that there is none. */
export function standInFor(
  stored: Entry,
  directives: RequestDirectives,
  { now, trouble }: { now: EpochMs; trouble: Trouble },
): StandIn | undefined {
  const { policy } = stored;
  if (trouble === 'slow') {
    const age = currentAge(policy, now);
    const ttl = seconds(policy.lifetime - age);
    const window = Math.max(policy.staleWhileRevalidate, policy.staleIfError);
    const asksForFresh =
      directives.noCache || directives.maxAge !== undefined || directives.minFresh !== undefined;
    const isAllowed = !policy.noCache && !policy.mustRevalidate && !asksForFresh && -ttl <= window;
    return isAllowed ? { age, ttl, detail: 'stale-after' } : undefined;
  }
  const may = mayServeOnError(policy, directives, { now, trouble });
  if (may.kind === 'fail') return undefined;
  return {
    age: may.age,
    ttl: may.ttl,
    detail: may.why === 'disconnected' ? 'disconnected' : 'stale-if-error',
  };
}
