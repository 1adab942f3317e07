/** `Server-Timing` (W3C), beside Cache-Status: what the cache made of a request, and how long it took to the answer's head. */

import { combinedValue } from '../../http/fields.ts';
import { elapsed, type Exchange } from './exchange.ts';
import type { FinishFields } from './reply.ts';

/** Adds the field to an answer, behind the origin's own. */
export const timed =
  (exchange: Exchange): FinishFields =>
  (fields) => {
    const sent = exchange.site.finish?.(fields) ?? fields;
    const milliseconds = Math.round(elapsed(exchange) * 1e6) / 1e3;
    return [...sent, 'Server-Timing', `cache;desc="${descriptionOf(fields)}";dur=${milliseconds}`];
  };

/** What the cache made of the request, by the fields of its answer. */
export function descriptionOf(fields: readonly string[]): 'hit' | 'pass' | 'miss' {
  const own = ownStatus(fields);
  if (/; hit\b/.test(own)) return 'hit';
  return /; fwd=(bypass|method)\b/.test(own) ? 'pass' : 'miss';
}

/** Our member of the answer's Cache-Status. */
export const ownStatus = (fields: readonly string[]): string =>
  combinedValue(fields, 'cache-status')?.split(',').at(-1) ?? '';
