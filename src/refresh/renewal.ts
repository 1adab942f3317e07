/**
 * Renewing one stored response, as a piece of work for the governor.
 *
 * Promise: what became needless while it waited is not fetched: purged meanwhile (a client's request fetches it anew),
 * renewed by another, or stored by rules that are no longer in force.
 */

import type { CacheExchange, ProxyParts } from '../proxy/exchange/exchange.ts';
import { fetchInBackground } from '../proxy/fetch/fetch.ts';
import type { Entry } from '../store/store.ts';
import type { Work } from './governor.ts';

/** The work of renewing `entry`, conditionally where it has a validator. */
export function renewal(exchange: CacheExchange, entry: Entry, worth: number): Work {
  const { parts, site, plan } = exchange;
  return {
    name: plan.key,
    worth,
    isWanted: () =>
      parts.site().generation === site.generation && isCurrent(parts, entry) && !isRenewed(parts, entry),
    run: () => fetchInBackground(exchange, entry),
  };
}

/** Whether no purge has ended it. */
export const isCurrent = ({ purgeLog }: ProxyParts, entry: Entry): boolean =>
  purgeLog.verdict(entry).kind !== 'purged';

/** What is stored of the same variant, now. */
export const storedNow = (
  { store }: ProxyParts,
  { key, variant }: Pick<Entry, 'key' | 'variant'>,
): Entry | undefined => store.peek(key).find((entry) => entry.variant === variant);

const isRenewed = (parts: ProxyParts, entry: Entry): boolean =>
  (storedNow(parts, entry)?.responseTime ?? 0) > entry.responseTime;
