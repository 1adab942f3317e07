/**
 * The renewal of one stored response, as work for the governor.
 *
 * Promise: a renewal that became needless while waiting does not run: the entry was purged, renewed by another request, or
 * stored under rules no longer in force.
 */

import type { CacheExchange, Services } from '../proxy/exchange/exchange.ts';
import { fetchInBackground } from '../proxy/fetch/fetch.ts';
import type { Entry } from '../store/store.ts';
import type { Work } from './governor.ts';

/** The work of renewing `entry`, conditionally where it has a validator. */
export function renewal(exchange: CacheExchange, entry: Entry, worth: number): Work {
  const { services, site, plan } = exchange;
  return {
    name: plan.key,
    worth,
    isWanted: () =>
      services.site().generation === site.generation &&
      isCurrent(services, entry) &&
      !isRenewed(services, entry),
    run: () => fetchInBackground(exchange, entry),
  };
}

const isCurrent = ({ purgeLog }: Services, entry: Entry): boolean =>
  purgeLog.verdict(entry).kind !== 'purged';

/** The stored response of the same variant, now. */
export const storedNow = (
  { store }: Services,
  { key, variant }: Pick<Entry, 'key' | 'variant'>,
): Entry | undefined => store.peek(key).find((entry) => entry.variant === variant);

const isRenewed = (services: Services, entry: Entry): boolean =>
  (storedNow(services, entry)?.responseTime ?? 0) > entry.responseTime;
