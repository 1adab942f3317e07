/** What an answer to a validation makes of the stored response (RFC 9111 §4.3.4, §4.3.5). */

import { freshen, headFreshens, selects304 } from '../../http/validators.ts';
import type { Position } from '../../store/purge-log.ts';
import type { Entry } from '../../store/store.ts';
import type { NotStoredReason } from '../exchange/outcome.ts';
import { plainForm } from '../hit/stored-form.ts';
import type { StorageTerms } from './storage-terms.ts';
import { makeEntry, planStorage, type StoredHead } from './storing.ts';

/** `renewed`: in its place. `ended`: it may not be kept. `other`: the answer was not about it. */
export type Renewal =
  | { readonly kind: 'renewed'; readonly entry: Entry }
  | { readonly kind: 'ended'; readonly reason: NotStoredReason; readonly entry: Entry }
  | { readonly kind: 'other' };

type RenewalInput = { readonly stored: Entry; readonly head: StoredHead; readonly asOf: Position };

/** The stored response after a 304: its body as it was, the rest anew. */
export function renewBy304(terms: StorageTerms, { stored, head, asOf }: RenewalInput): Renewal {
  if (!selects304(stored.fields, head.fields)) return { kind: 'other' };
  return renew(terms, { stored, head, asOf });
}

/** What a HEAD makes of the stored GET response (RFC 9111 §4.3.5). By rule a HEAD proves nothing about what GET would get. */
export function renewByHead(terms: StorageTerms, { stored, head, asOf }: RenewalInput): Renewal | undefined {
  if (terms.match.contentType.kind !== 'standard') return undefined;
  const meaning = headFreshens({ fields: stored.fields, contentLength: stored.body.length }, head);
  if (meaning === 'ignore') return undefined;
  return meaning === 'freshen' ? renew(terms, { stored, head, asOf }) : { kind: 'other' };
}

function renew(terms: StorageTerms, { stored, head, asOf }: RenewalInput): Renewal {
  const fields = freshen(stored.fields, head.fields, head.responseTime);
  // A 304's Set-Cookie is for who asked, and says nothing about the stored representation.
  const renewed: StoredHead = { ...head, status: stored.status, fields };
  const asGet = { ...terms, method: 'GET' };
  const plan = planStorage(asGet, renewed);
  if (plan.kind === 'no') return { kind: 'ended', reason: plan.reason, entry: { ...stored, fields } };
  const { body, originSeconds, part } = plainForm(stored);
  const made = makeEntry(asGet, { head: renewed, plan, body, asOf, originSeconds, part });
  if (made.kind === 'no') return { kind: 'ended', reason: made.reason, entry: { ...stored, fields } };
  const { selection, variant, coding } = stored;
  const entry: Entry = { ...made.entry, selection, variant, coding, body: stored.body };
  return { kind: 'renewed', entry };
}
