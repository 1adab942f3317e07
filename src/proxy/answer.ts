/** The last step: a stored response as it is, while it is renewed, after it is validated; or the origin's (RFC 9111 §4). */

import { type CacheStatus, cacheStatusValue } from '../http/cache-status.ts';
import type { Seconds } from '../kit/time.ts';
import type { Entry } from '../store/store.ts';
import { deliver } from './hit/deliver.ts';
import { type CacheExchange, tellOutcome } from './exchange/exchange.ts';
import { fetchForClient, type Miss, renew } from './fetch/fetch.ts';
import type { Lookup } from './hit/lookup.ts';
import type { MissCause } from './exchange/outcome.ts';
import { missingOf } from './fetch/partial-content.ts';
import { formToDecode } from './hit/stored-form.ts';

/** Answers from what the store has, or from the origin. A hit awaits nothing but the decoding of a large body. */
export function answer(exchange: CacheExchange, found: Lookup): Promise<void> | undefined {
  const { background } = exchange.services;
  if (background !== undefined) background.onAsked(exchange);
  if (found.kind === 'none') {
    return fetchOrRefuse(exchange, found.cause === 'cold' ? { ...found, ...whyNothing(exchange) } : found);
  }
  const { entry, reuse } = found;
  // RFC 9111 §5.2.1.5: nothing of it is stored; the client wants the origin's own word as well.
  if (exchange.directives.noStore && !exchange.directives.onlyIfCached) {
    const own = { purgedBy: undefined, stored: undefined, mayJoin: false };
    return fetchForClient(exchange, { cause: 'client-reload', ...own });
  }
  switch (reuse.kind) {
    case 'fresh': {
      const given = hit(exchange, entry, reuse);
      if (exchange.match.contentType.refreshAhead) background?.onFreshHit(exchange, entry, reuse.ttl);
      return given;
    }
    case 'stale': {
      const given = hit(exchange, entry, reuse);
      const renewed = reuse.why === 'max-stale' ? undefined : renew(exchange, entry);
      return given === undefined ? renewed : given.then(() => renewed);
    }
    case 'validate': {
      const mayJoin = !isReload(reuse.reason);
      return fetchForClient(exchange, {
        cause: causeOfStale(reuse.reason),
        purgedBy: found.purgedBy,
        stored: entry,
        mayJoin,
      });
    }
    case 'must-not-forward':
      onlyIfCached(exchange, causeOfStale(reuse.reason));
      return undefined;
    default:
      return reuse satisfies never;
  }
}

const isReload = (reason: string): boolean => reason.startsWith('request-');
const causeOfStale = (reason: string): MissCause => (isReload(reason) ? 'client-reload' : 'expired');

function whyNothing({ services, plan }: CacheExchange): Pick<Miss, 'cause' | 'purgedBy'> {
  if (services.store.isDown) return { cause: 'store-down', purgedBy: undefined };
  const purgedBy = services.store.endedBy?.(plan.key);
  if (purgedBy !== undefined) return { cause: 'purged', purgedBy };
  return { cause: services.evicted.get(plan.key) === true ? 'evicted' : 'cold', purgedBy };
}

type NothingUsable = Pick<Miss, 'cause' | 'purgedBy'> &
  Pick<Extract<Lookup, { kind: 'none' }>, 'ended' | 'part'>;

function fetchOrRefuse(
  exchange: CacheExchange,
  { cause, purgedBy, ended, part }: NothingUsable,
): Promise<void> | undefined {
  const { directives, request } = exchange;
  if (directives.onlyIfCached) {
    onlyIfCached(exchange, cause, purgedBy);
    return undefined;
  }
  if (ended !== undefined) exchange.services.endings?.onAskedAgain(ended);
  const mayJoin = !directives.noStore && !directives.noCache;
  const wantsWhole = request.method === 'GET' && request.known.range === undefined;
  const completes = wantsWhole && part !== undefined && missingOf(part) !== undefined ? part : undefined;
  return fetchForClient(exchange, { cause, purgedBy, stored: undefined, completes, mayJoin });
}

type Hit = { readonly age: Seconds; readonly ttl: Seconds; readonly form?: Entry };

function hit(exchange: CacheExchange, entry: Entry, found: Hit): Promise<void> | undefined {
  exchange.services.store.use(entry);
  const toCome = formToDecode(entry, exchange);
  if (toCome !== undefined) return toCome.then((form) => give(exchange, entry, { ...found, form }));
  give(exchange, entry, found);
  return undefined;
}

function give(exchange: CacheExchange, entry: Entry, { age, ttl, form }: Hit): void {
  const cacheStatus: CacheStatus = { kind: 'hit', ttl };
  const status = deliver(exchange, entry, { cacheStatus, age, ...(form && { form }) });
  tellOutcome(exchange, { kind: 'hit', status, cacheStatus, entry });
  const { audit } = exchange.services;
  if (audit?.isNext(exchange.site) === true) audit.onPicked(exchange, entry, age);
}

/** RFC 9111 §5.2.1.7. */
function onlyIfCached(exchange: CacheExchange, miss: MissCause, purgedBy?: Miss['purgedBy']): void {
  const cacheStatus: CacheStatus = { kind: 'forward', fwd: 'request', detail: 'only-if-cached' };
  const fields = [
    'Content-Length',
    '0',
    'Cache-Control',
    'no-store',
    'Cache-Status',
    cacheStatusValue(cacheStatus),
  ];
  exchange.reply.head(504, fields);
  exchange.reply.end();
  tellOutcome(exchange, { kind: 'refused', status: 504, cacheStatus, miss, purgedBy });
}
