/** What a fetch is started with, for tests of single rooms: a plain miss, and the same with changes. */

import type { CacheExchange } from '../../../src/proxy/exchange/exchange.ts';
import type { FillEnd, FillInput } from '../../../src/proxy/fetch/fill-input.ts';
import { termsOf } from '../../../src/proxy/fetch/storage-terms.ts';

export const fillInputBut = (exchange: CacheExchange, change: Partial<FillInput> = {}): FillInput => ({
  exchange,
  terms: termsOf(exchange),
  fwd: 'uri-miss',
  cause: 'cold',
  purgedBy: undefined,
  stored: undefined,
  asOf: exchange.services.purgeLog.position(),
  flight: undefined,
  isBackground: false,
  ...change,
});

/** A fetch that others may wait for. */
export function ledBut(exchange: CacheExchange, change: Partial<FillInput> = {}) {
  const asOf = exchange.services.purgeLog.position();
  const flight = exchange.services.flights.start(exchange.plan.key, { asOf });
  if (flight === undefined) throw new Error('there is no room for a flight');
  return { flight, input: fillInputBut(exchange, { flight, ...change }) };
}

export const endBut = (change: Partial<FillEnd> = {}): FillEnd => ({
  status: 200,
  entry: undefined,
  notStored: undefined,
  failure: undefined,
  ...change,
});
