/**
 * A miss: one fetch for all who want the same, then each its own answer (DESIGN §3.7, §3.8).
 *
 * Promises: nobody joins a fetch older than a purge it must see; a waiter never gets what was not for others and never
 * waits twice. While the origin's breaker is open, who may have the stored response waits for nothing.
 */

import { cacheStatusValue, type CacheStatus } from '../../http/cache-status.ts';
import type { Flight, FlightEnd } from '../../kit/single-flight.ts';
import { seconds } from '../../kit/time.ts';
import { failsEverybody } from '../../origin/trouble.ts';
import { standardTags, userOf } from '../../policy/rules/entry-tags.ts';
import { matchTags } from '../../policy/rules/tags.ts';
import type { PurgeSubject } from '../../store/purge-log.ts';
import type { Entry } from '../../store/store.ts';
import { deliver } from '../hit/deliver.ts';
import { type CacheExchange, type FetchFailure, type FlightInfo, tellOutcome } from '../exchange/exchange.ts';
import { sendFailure } from '../hit/fail.ts';
import { follow } from './follow.ts';
import { startFill } from './fill.ts';
import { sendsClientsConditions } from './fill-decisions.ts';
import type { FillEnd, FillInput } from './fill-input.ts';
import { chooseVariant } from '../hit/lookup.ts';
import { forwardReasons, type MissCause, type Outcome } from '../exchange/outcome.ts';
import { probeWith } from './probe.ts';
import { termsOf } from './storage-terms.ts';
import { standInFor, type Trouble } from '../hit/stand-in.ts';

export type Miss = {
  readonly cause: MissCause;
  readonly purgedBy: Outcome['purgedBy'];
  /** What is there but needs the origin's word first. */
  readonly stored: Entry | undefined;
  readonly completes?: Entry | undefined;
  /** False for a client that asked for the origin's own word. */
  readonly mayJoin: boolean;
};

/** Fetches for a client that waits. Resolves when it has its answer and the fetch, if it led one, is over. */
export async function fetchForClient(exchange: CacheExchange, miss: Miss): Promise<void> {
  const { services, plan } = exchange;
  if (!services.origin.health.isClosed && giveAtOnce(exchange, miss)) return;
  const underWay = services.flights.get(plan.key);
  if (underWay !== undefined && miss.mayJoin && mayJoin(exchange, underWay)) {
    const end = await waitFor(exchange, miss, underWay);
    if (end.kind === 'answered') return;
    if (end.kind === 'gone') {
      left(exchange, miss, underWay);
      return;
    }
    if (end.kind === 'begun') {
      const followed = underWay.info.shared && follow(exchange, miss, underWay.info.shared);
      if (followed !== undefined) return followed;
    }
    if (end.kind === 'done' && takeShared(exchange, miss, end.result)) return;
    if (end.kind === 'failed' && takeFailure(exchange, miss, end)) return;
    // It has waited once; now it goes alone, whatever came of the fetch it waited for.
    return startFill(fillInput(exchange, { ...miss, cause: 'collapsed-failed' }, undefined));
  }
  return startFill(fillInput(exchange, miss, lead(exchange, { ...miss, method: exchange.request.method })));
}

type Joined = Flight<FlightInfo, Entry, FetchFailure>;

/** With `stale_after` no longer than that, if what is stored may be given instead. */
async function waitFor(
  exchange: CacheExchange,
  miss: Miss,
  flight: Joined,
): Promise<Awaited<ReturnType<Joined['wait']>> | { readonly kind: 'answered' }> {
  const { responseTimeout } = exchange.site.config.upstream;
  const { staleAfter } = exchange.match.contentType;
  const isPatient = staleAfter === undefined || miss.stored === undefined || staleAfter >= responseTimeout;
  const onGone = (leave: () => void): void => {
    exchange.reply.onGone(leave);
  };
  if (isPatient) return flight.wait(responseTimeout, onGone);
  const soon = await flight.wait(staleAfter, onGone);
  if (soon.kind !== 'timed-out') return soon;
  if (giveStored(exchange, miss, 'slow')) return { kind: 'answered' };
  const hasEnded = exchange.services.flights.get(exchange.plan.key) !== flight;
  return hasEnded ? soon : flight.wait(seconds(responseTimeout - staleAfter), onGone);
}

function left(exchange: CacheExchange, { cause, purgedBy }: Miss, { info }: Joined): void {
  info.onLeft?.();
  const cacheStatus: CacheStatus = { kind: 'forward', fwd: forwardReasons[cause], collapsed: true };
  tellOutcome(exchange, {
    kind: 'forward',
    status: 0,
    cacheStatus,
    miss: cause,
    purgedBy,
    failure: 'aborted',
  });
}

/** Fetches with no client waiting. `undefined`: it is under way, not for others, or held back by the breaker. */
export function fetchInBackground(
  exchange: CacheExchange,
  stored: Entry | undefined,
): Promise<FillEnd> | undefined {
  const { services, plan } = exchange;
  if (services.flights.get(plan.key) !== undefined) return undefined;
  const miss: Miss = { cause: 'expired', purgedBy: undefined, stored, mayJoin: true };
  const flight = lead(exchange, { ...miss, method: 'GET' });
  if (flight === undefined) return undefined;
  const admission = services.origin.health.admit(services.clock.monotonicMs());
  if (admission.kind === 'held') {
    flight.end({ kind: 'give-up' });
    return undefined;
  }
  const input = { ...fillInput(exchange, { ...miss, method: 'GET' }, flight), isBackground: true };
  return admission.kind === 'free' ? endOf(input) : probeWith({ ...input, probe: admission.probe }, endOf);
}

function endOf(input: FillInput): Promise<FillEnd> {
  let end: FillEnd = { status: undefined, entry: undefined, notStored: undefined, failure: undefined };
  const onEnd = (told: FillEnd): void => {
    end = told;
  };
  return startFill({ ...input, onEnd }).then(() => end);
}

function fillInput(
  exchange: CacheExchange,
  { method, mayJoin: _, ...miss }: Miss & { readonly method?: string },
  flight: Joined | undefined,
): FillInput {
  const asOf = flight?.info.asOf ?? exchange.services.purgeLog.position();
  const asked = { exchange, terms: termsOf(exchange, method), fwd: forwardReasons[miss.cause] };
  return { ...asked, ...miss, asOf, flight, isBackground: false };
}

/** Opens a flight that others may join, unless what comes back is hardly for them. */
function lead(
  exchange: CacheExchange,
  { method, mayJoin, stored }: Pick<Miss, 'mayJoin' | 'stored'> & { readonly method: string },
): Joined | undefined {
  const { services, plan } = exchange;
  if (method !== 'GET' || !mayJoin) return undefined;
  // Where something stored is validated, our condition has taken the place of the client's.
  const asked = { known: exchange.request.known, condition: undefined };
  if (stored === undefined && sendsClientsConditions(exchange, asked)) return undefined;
  if (isUncacheable(exchange)) return undefined;
  return services.flights.start(plan.key, { asOf: services.purgeLog.position() });
}

/** Whether the flight began after every purge that this request must see. */
function mayJoin(exchange: CacheExchange, flight: Joined): boolean {
  if (!flight.hasRoom || isUncacheable(exchange)) return false;
  const { services } = exchange;
  return services.purgeLog.verdict(subjectOf(exchange, flight.info)).kind === 'current';
}

const isUncacheable = ({ services, plan }: CacheExchange): boolean =>
  (services.uncacheable.get(plan.key) ?? 0) > services.clock.now();

function subjectOf(exchange: CacheExchange, { asOf }: FlightInfo): PurgeSubject {
  const { match, identity, host, target, query } = exchange;
  const { contentType } = match;
  const rendered = matchTags(match, { user: userOf(identity), query, responseFields: [] });
  return {
    asOf,
    host,
    target,
    tags: [...standardTags({ contentType, identity, host, target }), ...rendered],
  };
}

/** `false`: it may not have that response. */
function takeShared(exchange: CacheExchange, miss: Miss, entry: Entry): boolean {
  const { services, plan, directives, request } = exchange;
  const now = services.clock.now();
  const found = chooseVariant([entry], { request, plan, directives, now, purgeLog: services.purgeLog });
  if (found.kind !== 'entry' || found.reuse.kind !== 'fresh') return false;
  const cacheStatus: CacheStatus = { kind: 'forward', fwd: forwardReasons[miss.cause], collapsed: true };
  const status = deliver(exchange, entry, { cacheStatus, age: found.reuse.age });
  const { cause, purgedBy } = miss;
  tellOutcome(exchange, { kind: 'forward', status, cacheStatus, miss: cause, purgedBy, entry });
  return true;
}

/** `false`: it should try itself. */
function takeFailure(
  exchange: CacheExchange,
  miss: Miss,
  { failure }: Extract<FlightEnd<Entry, FetchFailure>, { kind: 'failed' }>,
): boolean {
  if (giveStored(exchange, miss, failure.reason === 'error-status' ? 'error' : 'disconnected')) return true;
  const { reason } = failure;
  if (reason === 'error-status' || !failsEverybody(reason)) return false;
  const fwd = forwardReasons[miss.cause];
  const cacheStatus: CacheStatus = { kind: 'forward', fwd, collapsed: true, detail: reason };
  const status = sendFailure(exchange, failure, cacheStatusValue(cacheStatus));
  tellOutcome(exchange, { kind: 'failed', status, cacheStatus, miss: miss.cause, failure: reason });
  return true;
}

/** Gives a waiter what is stored in place of what it waits for, where that is allowed. */
function giveStored(exchange: CacheExchange, miss: Miss, trouble: Trouble): boolean {
  const { services, directives } = exchange;
  const { cause, purgedBy, stored } = miss;
  const may = stored && standInFor(stored, directives, { now: services.clock.now(), trouble });
  if (stored === undefined || may === undefined) return false;
  const { age, ttl, detail } = may;
  const fwd = forwardReasons[cause];
  const cacheStatus: CacheStatus = { kind: 'forward', fwd, collapsed: true, ttl, detail };
  const status = deliver(exchange, stored, { cacheStatus, age });
  tellOutcome(exchange, { kind: 'forward', status, cacheStatus, miss: cause, purgedBy, entry: stored });
  return true;
}

/** While the origin is known to fail, gives what is stored without asking, where that is allowed. */
function giveAtOnce(exchange: CacheExchange, { stored }: Miss): boolean {
  const { services, directives } = exchange;
  const { clock, origin, store } = services;
  const { trouble } = origin.health;
  const may = stored && standInFor(stored, directives, { now: clock.now(), trouble });
  if (stored === undefined || may === undefined) return false;
  const cacheStatus: CacheStatus = { kind: 'hit', ttl: may.ttl, detail: 'breaker-open' };
  store.use(stored);
  const status = deliver(exchange, stored, { cacheStatus, age: may.age });
  tellOutcome(exchange, { kind: 'hit', status, cacheStatus, entry: stored });
  void renew(exchange, stored);
  return true;
}

/** Sees to it that a stale response that was given is renewed. The promise, if any, is that of the fetch. */
export function renew(exchange: CacheExchange, entry: Entry): Promise<void> | undefined {
  const { background } = exchange.services;
  if (background === undefined) return fetchInBackground(exchange, entry)?.then(() => undefined);
  background.onStaleHit(exchange, entry);
  return undefined;
}
