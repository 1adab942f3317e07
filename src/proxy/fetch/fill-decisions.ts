/**
 * What a fetch decides at its answer's head (pure): keep the body or not, answer the client now, piece by piece or at the
 * end.
 */

import { combinedValue, hasField } from '../../http/fields.ts';
import { isOriginError } from '../../http/reuse.ts';
import type { Fields } from '../../http/message.ts';
import { conditionalFields, evaluateConditional } from '../../http/validators.ts';
import type { FlightEnd } from '../../kit/single-flight.ts';
import type { EpochMs } from '../../kit/time.ts';
import type { OriginHead } from '../../origin/exchange.ts';
import type { Entry } from '../../store/store.ts';
import type { CacheExchange, FetchFailure } from '../exchange/exchange.ts';
import type { FillInput } from './fill-input.ts';
import type { NotStoredReason } from '../exchange/outcome.ts';
import { askForRest, assemble } from './partial-content.ts';
import {
  type EntryInput,
  type EntryResult,
  exchangeSeconds,
  makeEntry,
  planStorage,
  type StoragePlan,
  type StoredHead,
} from './storing.ts';

/** The fields that ask whether what is stored is still so, or for what it lacks. */
export function conditionOf({ stored, completes }: FillInput): Fields | undefined {
  return completes === undefined ? stored && conditionalFields(stored.fields) : askForRest(completes);
}

/** Whether to keep the body, as far as the head and its framing tell. */
export function planFill(
  exchange: CacheExchange,
  head: StoredHead,
  framing: OriginHead['framing'],
): StoragePlan {
  const plan = planStorage(exchange, head);
  if (plan.kind === 'no') return plan;
  const length = Number(combinedValue(head.fields, 'content-length') ?? 0);
  if (length > exchange.site.config.store.maxObjectBytes)
    return { kind: 'no', reason: 'too-large', clause: undefined };
  // Where the connection's end is the body's, a cut cannot be told from an end (RFC 9112 §8).
  return framing === 'close' ? { kind: 'no', reason: 'unverified-length', clause: 'RFC 9112 §8' } : plan;
}

/**
 * Whether the client's precondition makes a full answer a 304 (RFC 9110 §13.2.2). `wasAsked`: the origin was sent it, and
 * has had its say.
 */
export function mayAnswerCondition({ request }: CacheExchange, head: StoredHead, wasAsked: boolean): boolean {
  const asks =
    request.known['if-none-match'] !== undefined || request.known['if-modified-since'] !== undefined;
  if (wasAsked || !asks || head.status !== 200) return false;
  const stored = { storedStatus: head.status, storedFields: head.fields, responseTime: head.responseTime };
  const input = { method: request.method, requestFields: request.fields, ...stored };
  return evaluateConditional(input) === 'not-modified';
}

/** Whether the answer needs the whole body first: a part of it is asked for, or its ETag is made from it. */
export function mustHold({ request, match }: CacheExchange, head: StoredHead, wasAsked: boolean): boolean {
  if (head.status !== 200) return false;
  if (request.known.range !== undefined && !wasAsked) return true;
  const hasValidator = hasField(head.fields, 'etag') || hasField(head.fields, 'last-modified');
  return match.contentType.etag && !hasValidator;
}

/**
 * RFC 5861 §4: an error is 500, 502, 503 or 504; 429 says no more about the resource than they do. With no client waiting
 * no 5xx at all takes the place of what is stored.
 */
export const isTrouble = (status: number, isBackground: boolean): boolean =>
  isOriginError(status) || status === 429 || (isBackground && status >= 500);

/** The entry of an answer that is here to its last byte, or why there is none. */
export function finishedEntry(
  exchange: CacheExchange,
  { head, body, ...input }: Pick<EntryInput, 'head' | 'plan' | 'body' | 'asOf'>,
): EntryResult {
  const whole = head.status === 206 ? assemble(exchange, head, body) : { head, body, part: undefined };
  if (whole === undefined) return { kind: 'no', reason: 'partial-content' };
  const originSeconds = exchangeSeconds(head.requestTime, exchange.parts.clock.now());
  return makeEntry(exchange, { ...input, ...whole, originSeconds });
}

/**
 * What was purged between asking and storing is not stored (DESIGN §3.7), nor what was asked for under rules that are no
 * longer in force: a request that took its time before it asked has taken its position after their end was logged. Nor
 * what another fetch has overtaken:
 *   1. one that waited in vain asks by itself, is answered, and the answer is long on its way
 *   2. another instance writes, which is not heard of here yet      3. the next one asks, and has the newer answer stored
 *   4. the older answer arrives: in the place of the newer one this instance would go back in time
 */
export const isCurrent = ({ parts, site }: CacheExchange, entry: Entry): boolean =>
  site === parts.site() && parts.purgeLog.verdict(entry).kind !== 'purged' && !isOvertaken(parts, entry);

/** Drops what was validated, unless something that was asked for later has taken its place. */
export function dropStored({ parts }: CacheExchange, stored: Entry): void {
  if (!isOvertaken(parts, stored)) parts.store.remove(stored);
}

/** After a clock has jumped back, what was asked for in its future overtakes nobody. */
function isOvertaken({ store, purgeLog, clock }: CacheExchange['parts'], entry: Entry): boolean {
  const isLater = (other: Entry): boolean =>
    other.variant === entry.variant && other.requestTime > entry.requestTime;
  const other = store.peek(entry.key).find(isLater);
  return other !== undefined && other.requestTime <= clock.now() && purgeLog.verdict(other).kind !== 'purged';
}

/** How long nobody waits for a key whose answer was not for others. */
const uncacheableMs = 30_000;

/** What one request brought about says nothing about the next answer: it must not turn collapsing off for all. */
const reasonsOfRequest: ReadonlySet<NotStoredReason> = new Set([
  'request-no-store',
  'status-of-this-request',
  'partial-content',
  'no-room',
]);

/**
 * Lets all go who wait, and remembers that the key's answer was not for others. An error of the origin says nothing about
 * the next answer.
 */
export function giveUpStoring(
  input: FillInput,
  { status, reason }: { readonly status: number; readonly reason: NotStoredReason },
): void {
  letGo(input);
  const { parts, plan, request, now } = input.exchange;
  if (request.method !== 'GET' || status >= 500 || reasonsOfRequest.has(reason)) return;
  parts.uncacheable.set(plan.key, (now + uncacheableMs) as EpochMs);
}

/** Whether others wait for what a fetch brings. */
export const hasWaiters = ({ flight }: FillInput): boolean => (flight?.waiters ?? 0) > 0;

/** Tells all who wait for this fetch, here and at other instances, that it brings nothing for them. */
export function letGo(
  { exchange, flight, stored }: FillInput,
  end: FlightEnd<never, FetchFailure> = { kind: 'give-up' },
): void {
  flight?.end(end);
  // Where something is stored nobody elsewhere waits for more.
  if (stored === undefined) exchange.parts.store.abandon?.(exchange.plan.key);
}
