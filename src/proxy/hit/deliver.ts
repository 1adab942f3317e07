/** A stored response becomes an answer: whole, 304, 206 or 416; with Age and Cache-Status (RFC 9111 §4, §5.1). */

import { randomBytes } from 'node:crypto';
import { type CacheStatus, cacheStatusValue } from '../../http/cache-status.ts';
import { withoutFields } from '../../http/fields.ts';
import type { Fields } from '../../http/message.ts';
import { multipart, planRanges, singlePartFields, unsatisfiedRangeValue } from '../../http/ranges.ts';
import { evaluateConditional, notModifiedFields } from '../../http/validators.ts';
import type { Seconds } from '../../kit/time.ts';
import type { Entry } from '../../store/store.ts';
import type { CacheExchange } from '../exchange/exchange.ts';
import { agedFields } from './prepared-entries.ts';
import { formFor } from './stored-form.ts';

/** `setCookies` are those of the answer that renewed it. */
export type Delivery = {
  readonly cacheStatus: CacheStatus;
  readonly age: Seconds;
  readonly setCookies?: readonly string[];
  /** The form this client gets, where it was made beforehand. */
  readonly form?: Entry;
};

/** Answers from a stored response; gives the status sent. */
export function deliver(
  exchange: CacheExchange,
  stored: Entry,
  { cacheStatus, age, setCookies, form }: Delivery,
): number {
  const entry = form ?? formFor(stored, exchange);
  const { known } = exchange.request;
  const own = ['Age', String(Math.floor(age)), 'Cache-Status', cacheStatusValue(cacheStatus)];
  for (const line of setCookies ?? []) own.push('Set-Cookie', line);
  if (known['if-none-match'] !== undefined || known['if-modified-since'] !== undefined) {
    if (isNotModified(exchange, entry)) return notModified(exchange, entry, own);
  }
  if (known.range !== undefined && exchange.request.method === 'GET') return ranged(exchange, entry, own);
  return whole(exchange, entry, own);
}

function isNotModified({ request }: CacheExchange, entry: Entry): boolean {
  const { status, fields, responseTime } = entry;
  const stored = { storedStatus: status, storedFields: fields, responseTime };
  return (
    evaluateConditional({ method: request.method, requestFields: request.fields, ...stored }) ===
    'not-modified'
  );
}

function whole({ services, request, reply }: CacheExchange, entry: Entry, own: readonly string[]): number {
  reply.head(entry.status, services.prepared.fieldsOf(entry).concat(own));
  if (request.method === 'HEAD' || entry.body.length === 0) reply.end();
  else reply.end(entry.body);
  return entry.status;
}

function notModified({ reply }: CacheExchange, entry: Entry, own: readonly string[]): number {
  reply.head(304, [...notModifiedFields(withoutFields(entry.fields, agedFields)), ...own]);
  reply.end();
  return 304;
}

function ranged(exchange: CacheExchange, entry: Entry, own: readonly string[]): number {
  const { reply, request } = exchange;
  const { body, status, fields, part } = entry;
  const length = part?.complete ?? body.length;
  const offset = part?.first ?? 0;
  const input = { method: request.method, requestFields: request.fields, length };
  const plan = planRanges({ ...input, storedStatus: status, storedFields: fields });
  const unaged = withoutFields(fields, agedFields);
  switch (plan.kind) {
    case 'whole':
      return whole(exchange, entry, own);
    case 'single':
      reply.head(206, [...singlePartFields(unaged, plan.range, length), ...own]);
      reply.end(body.subarray(plan.range.first - offset, plan.range.last + 1 - offset));
      return 206;
    case 'several': {
      const several = multipart(unaged, {
        ranges: plan.ranges,
        length,
        boundary: randomBytes(16).toString('hex'),
      });
      reply.head(206, [...several.fields, ...own]);
      const pieces = several.pieces.map((piece) =>
        piece.kind === 'text'
          ? Buffer.from(piece.text, 'latin1')
          : body.subarray(piece.first, piece.last + 1),
      );
      reply.end(Buffer.concat(pieces));
      return 206;
    }
    case 'unsatisfiable':
      reply.head(416, [...unsatisfied(unaged, length), ...own]);
      reply.end();
      return 416;
    default:
      return plan satisfies never;
  }
}

function unsatisfied(fields: Fields, length: number): string[] {
  return [
    ...notModifiedFields(fields),
    'Content-Range',
    unsatisfiedRangeValue(length),
    'Content-Length',
    '0',
  ];
}
