/**
 * Why was this read no hit? One cause from a closed set, for every read there is (pure).
 *
 * Promise: a GET or HEAD that got an answer is a hit, or has exactly one cause; so the causes sum to the misses.
 */

import { clauses } from '../../http/storable.ts';
import type { MissCause, NotStoredReason, Outcome } from '../../proxy/exchange/outcome.ts';

/** `uncacheable`: not stored, then or now; `pass`: by rule, or by what the request is. */
export type Cause =
  | 'cold'
  | 'expired'
  | 'purged'
  | 'evicted'
  | 'vary'
  | 'partial'
  | 'client-reload'
  | 'identity'
  | 'pass'
  | 'uncacheable'
  | 'store-down'
  | 'collapsed-failed';

/** A cause, or a cause and why: `purged/write`, `identity/bad-signature`, `uncacheable/no-store`. */
export type Reason = Cause | `${Cause}/${string}`;

/** What a request counts as. Requests that may write are no reads. */
export function countsAs({ kind, method }: Pick<Outcome, 'kind' | 'method'>): 'hit' | 'miss' | 'write' {
  if (kind === 'hit') return 'hit';
  return method === 'GET' || method === 'HEAD' ? 'miss' : 'write';
}

/** Not stored this time, for reasons that say nothing about the next. */
const passing: ReadonlySet<NotStoredReason> = new Set<NotStoredReason>([
  'truncated',
  'broken-coding',
  'no-room',
  'purged-during-fetch',
  'not-asked',
]);

/** There was nothing before, as far as could be told. */
const newCauses: ReadonlySet<MissCause> = new Set<MissCause>([
  'cold',
  'store-down',
  'uncacheable',
  'collapsed-failed',
]);

/** The reason of a read that was no hit. */
export function reasonOf({ pass, doubt, miss, purgedBy, notStored }: Outcome): Reason {
  if (pass === 'identity') return doubt === undefined ? 'identity' : `identity/${doubt}`;
  if (pass !== undefined) return `pass/${pass}`;
  // What cannot be stored was not there before either: to call it cold would hide why it will never be.
  const isNew = miss === undefined || newCauses.has(miss);
  if (isNew && notStored !== undefined && !passing.has(notStored)) return `uncacheable/${notStored}`;
  if (miss === 'purged') return purgedBy === undefined ? 'purged' : `purged/${purgedBy}`;
  return miss ?? 'cold';
}

/** The cause without its why. */
export const causeOf = (reason: Reason): Cause => reason.replace(/\/.*/s, '') as Cause;

/** The clause of the RFC behind a reason, where there is one. */
export function clauseOf(reason: Reason): string | undefined {
  const why = reason.slice(reason.indexOf('/') + 1);
  return reason.startsWith('uncacheable/') && Object.hasOwn(clauses, why)
    ? clauses[why as keyof typeof clauses]
    : undefined;
}
