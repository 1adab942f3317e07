/** A fetch among others: whether its answer still counts, and what those learn who wait for it or come later. */

import type { FlightEnd } from '../../kit/single-flight.ts';
import { after, seconds } from '../../kit/time.ts';
import { isPassing } from '../../origin/trouble.ts';
import type { Entry } from '../../store/store.ts';
import type { CacheExchange, FetchFailure, SharedAnswer } from '../exchange/exchange.ts';
import type { NotStoredReason } from '../exchange/outcome.ts';
import { endReplaced } from './replace-older.ts';
import type { FillInput } from './fill-input.ts';

/**
 * What was purged between asking and storing is not stored (DESIGN §3.7), nor what was asked for under rules that are no
 * longer in force. Nor what another fetch has overtaken:
 * 1. one that waited in vain asks by itself, is answered, and the answer is long on its way
 * 2. another instance writes, which is not heard of here yet      3. the next one asks, and has the newer answer stored
 * 4. the older answer arrives: in the place of the newer one this instance would go back in time
 */
export const isCurrent = ({ services, site }: CacheExchange, entry: Entry): boolean =>
  site.generation === services.site().generation &&
  services.purgeLog.verdict(entry).kind !== 'purged' &&
  !isOvertaken(services, entry);

/** Drops what was validated, unless something that was asked for later has taken its place. */
export function dropStored({ services }: CacheExchange, stored: Entry): void {
  if (!isOvertaken(services, stored)) services.store.remove(stored);
}

function isOvertaken({ store, purgeLog }: CacheExchange['services'], entry: Entry): boolean {
  const isLater = (other: Entry): boolean =>
    other.variant === entry.variant && other.requestTime > entry.requestTime;
  const other = store.peek(entry.key).find(isLater);
  return other !== undefined && purgeLog.verdict(other).kind !== 'purged';
}

/** How long nobody waits for a key whose answer was not for others. */
const uncacheableFor = seconds(30);

/** What one request brought about must not turn collapsing off for all. */
const reasonsOfRequest: ReadonlySet<NotStoredReason> = new Set([
  'request-no-store',
  'status-of-this-request',
  'partial-content',
  'no-room',
  'conditional-request',
]);

/** Lets all go who wait, and remembers that the key's answer was not for others. */
export function giveUpStoring(
  input: FillInput,
  { status, reason }: { readonly status: number; readonly reason: NotStoredReason },
): void {
  letGo(input);
  const { services, plan } = input.exchange;
  endReplaced(input.exchange, status, reason);
  if (input.terms.method !== 'GET' || isPassing(status) || reasonsOfRequest.has(reason)) return;
  services.uncacheable.set(plan.key, after(services.clock.now(), uncacheableFor));
}

/** Whether others wait for what a fetch brings. */
export const hasWaiters = ({ flight }: FillInput): boolean => (flight?.waiters ?? 0) > 0;

/** Lets all who wait or come meanwhile read the answer along. Other instances cannot. */
export function beginSharing({ exchange, flight, stored }: FillInput, shared: SharedAnswer): void {
  if (flight === undefined) return;
  flight.info.shared = shared;
  flight.begin();
  exchange.services.store.abandon?.(exchange.plan.key, stored !== undefined);
}

/** Tells all who wait for this fetch, here and at other instances, that it brings nothing for them. */
export function letGo(
  { exchange, flight, stored }: FillInput,
  end: FlightEnd<never, FetchFailure> = { kind: 'give-up' },
): void {
  flight?.end(end);
  exchange.services.store.abandon?.(exchange.plan.key, stored !== undefined);
}

/** `stale_after`: a client that has waited so long for an answer may have what is stored. Gives what calls it off. */
export function whenSlow(
  { exchange, stored }: FillInput,
  give: (stored: Entry) => void,
): (() => void) | undefined {
  const { staleAfter } = exchange.match.contentType;
  if (stored === undefined || staleAfter === undefined) return undefined;
  return exchange.services.later(staleAfter, () => {
    give(stored);
  });
}
