/** What a fetch decides at its answer's head: keep the body or not, answer the client now, piece by piece or at the end. */

import { combinedValue, hasField } from '../../http/fields.ts';
import type { Fields } from '../../http/message.ts';
import { conditionalFields, evaluateConditional } from '../../http/validators.ts';
import { type EpochMs, epochMs, seconds } from '../../kit/time.ts';
import type { OriginHead } from '../../origin/call.ts';
import type { Entry } from '../../store/store.ts';
import type { ClientRequest } from '../exchange/client-request.ts';
import type { FillInput } from './fill-input.ts';
import { askForRest, assemble } from './partial-content.ts';
import type { StorageTerms } from './storage-terms.ts';
import {
  type EntryInput,
  type EntryResult,
  callSeconds,
  makeEntry,
  no,
  planStorage,
  type StoragePlan,
  type StoredHead,
} from './storing.ts';

type Asking = Pick<FillInput, 'stored' | 'completes' | 'isBackground'>;

/** The fields that ask whether what is stored is still so, or for what it lacks. */
export function conditionOf({ stored, completes, isBackground }: Asking): Fields | undefined {
  if (completes !== undefined) return askForRest(completes);
  if (stored !== undefined) return conditionalFields(stored.fields);
  // With no client waiting, a client's own conditions have no meaning.
  return isBackground ? [] : undefined;
}

/**
 * Whether the origin is sent the client's own preconditions or range (on `standard`, when ours do not replace them). The
 * answer is then made for that client.
 */
export const sendsClientsConditions = (
  { match }: Pick<StorageTerms, 'match'>,
  { known, condition }: SentConditions,
): boolean =>
  match.contentType.kind !== 'rule' &&
  condition === undefined &&
  (known['if-none-match'] !== undefined ||
    known['if-modified-since'] !== undefined ||
    known['if-range'] !== undefined ||
    known.range !== undefined);

/** Whether to keep the body, as far as the head and its framing tell. */
export function planFill(
  terms: StorageTerms,
  head: StoredHead,
  { framing, ...asked }: SentConditions & { readonly framing: OriginHead['framing'] },
): StoragePlan {
  const plan = planStorage(terms, head);
  if (plan.kind === 'no') return plan;
  // A part says which part it is; any other answer may have been made for the client's condition.
  if (sendsClientsConditions(terms, asked) && head.status !== 206) return no('conditional-request');
  const length = Number(combinedValue(head.fields, 'content-length') ?? 0);
  if (length > terms.config.store.maxObjectBytes) return no('too-large');
  // Where the connection's end is the body's, a cut cannot be told from an end (RFC 9112 §8).
  return framing === 'close' ? no('unverified-length', 'RFC 9112 §8') : plan;
}

/** Whether the client's precondition makes a full answer a 304 (RFC 9110 §13.2.2), unless the origin was asked it. */
export function mayAnswerCondition(
  request: AsksFor,
  head: Pick<StoredHead, 'status' | 'fields' | 'responseTime'>,
  wasAsked: boolean,
): boolean {
  const asks =
    request.known['if-none-match'] !== undefined || request.known['if-modified-since'] !== undefined;
  if (wasAsked || !asks || head.status !== 200) return false;
  const stored = { storedStatus: head.status, storedFields: head.fields, responseTime: head.responseTime };
  const input = { method: request.method, requestFields: request.fields, ...stored };
  return evaluateConditional(input) === 'not-modified';
}

/** Whether the answer needs the whole body first: a part of it is asked for, or its ETag is made from it. */
export function mustHold(
  { known, makesEtag }: Pick<AsksFor, 'known'> & { readonly makesEtag: boolean },
  head: Pick<StoredHead, 'status' | 'fields'>,
  wasAsked: boolean,
): boolean {
  if (head.status !== 200) return false;
  if (known.range !== undefined && !wasAsked) return true;
  const hasValidator = hasField(head.fields, 'etag') || hasField(head.fields, 'last-modified');
  return makesEtag && !hasValidator;
}

/** How a client is answered whose body is kept. */
export function answerBy(
  { request, makesEtag, wasAsked }: { request: AsksFor; makesEtag: boolean; wasAsked: boolean },
  head: StoredHead,
): 'not-modified' | 'hold' | 'stream' {
  if (mayAnswerCondition(request, head, wasAsked)) return 'not-modified';
  return mustHold({ known: request.known, makesEtag }, head, wasAsked) ? 'hold' : 'stream';
}

/** The entry of an answer that is here to its last byte. `variants` are stored under its key. */
export function finishedEntry(
  terms: StorageTerms,
  { head, body, now, variants, ...input }: FinishedInput,
): EntryResult {
  const whole =
    head.status === 206 ? assemble({ head, body }, terms.plan, variants) : { head, body, part: undefined };
  if (whole === undefined) return { kind: 'no', reason: 'partial-content' };
  const originSeconds = callSeconds(epochMs(head.requestTime + head.aheadMs), now);
  return makeEntry(terms, { ...input, ...whole, originSeconds });
}

/** The entry of an answer still coming, for who may read it along. `undefined`: only the whole body can tell. */
export function sharedEntry(
  { terms, asOf }: Pick<FillInput, 'terms' | 'asOf'>,
  { head, plan }: Pick<EntryInput, 'head' | 'plan'>,
): Entry | undefined {
  const { contentType } = terms.match;
  const needsBody =
    contentType.kind === 'rule' && contentType.unless.some(({ kind }) => kind !== 'response_header');
  if (head.status === 206 || needsBody) return undefined;
  // An ETag made from the body is not known yet.
  const match = { ...terms.match, contentType: { ...contentType, etag: false } };
  const none = { body: Buffer.alloc(0), originSeconds: seconds(0) };
  const made = makeEntry({ ...terms, match }, { head, plan, asOf, ...none });
  return made.kind === 'entry' ? made.entry : undefined;
}

type FinishedInput = Pick<EntryInput, 'head' | 'plan' | 'body' | 'asOf'> & {
  readonly now: EpochMs;
  readonly variants: readonly Entry[];
};

/** `condition`: the fields that we sent in place of the client's conditions. */
type SentConditions = Pick<ClientRequest, 'known'> & { readonly condition: Fields | undefined };

type AsksFor = Pick<ClientRequest, 'method' | 'known' | 'fields'>;
