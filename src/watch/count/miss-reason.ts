/**
 * Decides why a read was not a hit: one cause from a closed set. Pure.
 *
 * Promise: a GET or HEAD that got an answer is a hit or has exactly one cause, so the causes sum to the misses.
 */

import { clauses } from '../../http/storable.ts';
import type { MissCause, NotStoredReason, Outcome } from '../../proxy/exchange/outcome.ts';

/** `uncacheable`: not stored, then or now. `pass`: by rule, or because of the request itself. */
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

/** A cause, optionally with a detail: `purged/write`, `identity/bad-signature`, `uncacheable/no-store`. */
export type Reason = Cause | `${Cause}/${string}`;

/** How a request is counted. Requests that may write are not reads. */
export function countsAs({ kind, method }: Pick<Outcome, 'kind' | 'method'>): 'hit' | 'miss' | 'write' {
  if (kind === 'hit') return 'hit';
  return method === 'GET' || method === 'HEAD' ? 'miss' : 'write';
}

/** Not stored this time, for reasons that say nothing about the next. */
const passing: ReadonlySet<NotStoredReason> = new Set<NotStoredReason>([
  'truncated',
  'broken-coding',
  'no-room',
  'conditional-request',
  'purged-during-fetch',
  'not-asked',
]);

/** Nothing was stored before, as far as is known. */
const newCauses: ReadonlySet<MissCause> = new Set<MissCause>([
  'cold',
  'store-down',
  'uncacheable',
  'collapsed-failed',
]);

/** The reason why a read was not a hit. */
export function reasonOf({ pass, doubt, miss, purgedBy, notStored }: Outcome): Reason {
  if (pass === 'identity') return doubt === undefined ? 'identity' : `identity/${doubt}`;
  if (pass !== undefined) return `pass/${pass}`;
  // An answer that cannot be stored was not stored before either: `cold` would hide that it never will be.
  const isNew = miss === undefined || newCauses.has(miss);
  if (isNew && notStored !== undefined && !passing.has(notStored)) return `uncacheable/${notStored}`;
  if (miss === 'purged') return purgedBy === undefined ? 'purged' : `purged/${purgedBy}`;
  return miss ?? 'cold';
}

/** Without its detail. */
export const causeOf = (reason: Reason): Cause => reason.replace(/\/.*/s, '') as Cause;

/** The RFC clause behind a reason, if there is one. */
export function clauseOf(reason: Reason): string | undefined {
  const why = reason.slice(reason.indexOf('/') + 1);
  return reason.startsWith('uncacheable/') && Object.hasOwn(clauses, why)
    ? clauses[why as keyof typeof clauses]
    : undefined;
}
