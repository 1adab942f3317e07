/**
 * An exchange whose client has been answered, or that never had one: what it fetches goes into the store and nowhere else.
 */

import { Readable } from 'node:stream';
import type { CacheExchange } from './exchange.ts';
import type { Reply } from './reply.ts';

const ignore = (): void => undefined;

/** A reply that goes nowhere. */
export const nobody: Reply = {
  information: ignore,
  head: ignore,
  write: () => true,
  end: ignore,
  abort: ignore,
  onDrain: ignore,
  onGone: ignore,
  get requestBody() {
    return Readable.from([]);
  },
};

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
