/**
 * What is sent of a stored response to one kind of request, ready but for the seconds: made by the pipeline's own step
 * (`proxy/hit/deliver.ts`), so that it is the same answer.
 *
 * Promise: it is used again only for a stored response with the very same fields, status, coding and length, of which it is a
 * function; it keeps no body alive.
 */

import type { Fields } from '../http/message.ts';
import { seconds } from '../kit/time.ts';
import { deliver } from '../proxy/hit/deliver.ts';
import { takesLong } from '../proxy/hit/stored-form.ts';
import type { CacheExchange } from '../proxy/exchange/exchange.ts';
import type { Entry } from '../store/store.ts';
import type { CapturedReply } from './captured-reply.ts';
import { type PreparedHead, prepareHead } from './prepared-head.ts';

export type PreparedAnswer = PreparedHead & {
  readonly status: number;
  /** Whether the stored body follows the head. */
  readonly hasBody: boolean;
};

/** What was prepared of a stored response; without an answer the pipeline must give it, and need not be asked again. */
export type Prepared = {
  readonly of: Pick<Entry, 'status' | 'coding' | 'part'> & { fields: Fields; readonly bodyBytes: number };
  readonly answer: PreparedAnswer | undefined;
};

/** Whether what was prepared is this stored response's. */
export function isOf({ of }: Prepared, { fields, status, coding, part, body }: Entry): boolean {
  const isSame =
    of.status === status && of.coding === coding && of.part === part && of.bodyBytes === body.length;
  if (!isSame) return false;
  if (of.fields === fields) return true;
  if (!areEqual(of.fields, fields)) return false;
  // Unpacked anew: the next comparison is one of references.
  of.fields = fields;
  return true;
}

function areEqual(one: Fields, other: Fields): boolean {
  return one.length === other.length && one.every((text, index) => text === other[index]);
}

/** Prepares the answer. */
export function prepare(exchange: CacheExchange, reply: CapturedReply, entry: Entry): Prepared {
  const { fields, status, coding, part, body } = entry;
  const of = { fields, status, coding, part, bodyBytes: body.length };
  return { of, answer: answerOf(exchange, reply, entry) };
}

function answerOf(exchange: CacheExchange, reply: CapturedReply, entry: Entry): PreparedAnswer | undefined {
  // What takes long to decode is decoded once, by the pipeline.
  if (takesLong(entry, exchange)) return undefined;
  const age = seconds(0);
  deliver(exchange, entry, { cacheStatus: { kind: 'hit', ttl: age }, age });
  const { captured } = reply;
  if (captured === undefined) return undefined;
  const { status, fields, body } = captured;
  // Another body than the stored one was made for this client alone.
  if (body !== undefined && body !== entry.body) return undefined;
  const head = prepareHead(status, fields);
  return head && { ...head, status, hasBody: body !== undefined };
}
