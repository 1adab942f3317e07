/**
 * An exchange whose client has been answered, or that never had one: what it fetches goes into the store and nowhere else.
 */

import type { CacheExchange } from '../exchange/exchange.ts';
import { nobody } from '../exchange/reply.ts';

/**
 * The same exchange without its client, begun now. What is renewed is the stored GET response, whoever's HEAD found it
 * stale.
 */
export function detached(exchange: CacheExchange): CacheExchange {
  const { parts, request } = exchange;
  const startedMs = parts.clock.monotonicMs();
  const asGet = { ...request, method: 'GET' };
  return { ...exchange, request: asGet, reply: nobody, now: parts.clock.now(), startedMs };
}
