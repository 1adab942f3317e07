/** What becomes of an answer that is here to its last byte: stored, given to all who wait for it, or neither. */

import type { Entry } from '../../store/store.ts';
import type { CacheExchange } from '../exchange/exchange.ts';
import { dropStored, giveUpStoring, isCurrent, letGo } from './beside-others.ts';
import { finishedEntry } from './fill-decisions.ts';
import type { FillInput } from './fill-input.ts';
import type { NotStoredReason } from '../exchange/outcome.ts';
import { type Renewal, renewByHead } from './renew-entry.ts';
import { replacing } from './replace-older.ts';
import { tellRenewed } from './renewed-copy.ts';
import { settledEntry } from './settled-lifetime.ts';
import { storeEntry } from './store-entry.ts';
import type { EntryInput, EntryResult, StoredHead } from './storing.ts';

export type Objection = Extract<NotStoredReason, 'broken-coding' | 'purged-during-fetch'> | undefined;

/** Judges whether an entry may be stored: before this returns where that is quick, else before the promise resolves. */
export function judge(
  exchange: CacheExchange,
  entry: Entry,
  tell: (objection: Objection) => void,
): Promise<void> | undefined {
  const isWhole = exchange.services.codedBodies.isWhole(entry);
  if (isWhole instanceof Promise) {
    return isWhole.then((is) => {
      tell(objectionTo(exchange, entry, is));
    });
  }
  tell(objectionTo(exchange, entry, isWhole));
  return undefined;
}

/** What was purged during the proof is not stored either. */
function objectionTo(exchange: CacheExchange, entry: Entry, isWhole: boolean): Objection {
  if (!isWhole) return 'broken-coding';
  return isCurrent(exchange, entry) ? undefined : 'purged-during-fetch';
}

/** The entry of a whole answer, or why there is none. */
export function entryOf(
  { exchange, terms, asOf }: FillInput,
  whole: Pick<EntryInput, 'head' | 'plan' | 'body'>,
): EntryResult {
  const { store, clock } = exchange.services;
  const around = { asOf, now: clock.now(), variants: store.peek(terms.plan.key) };
  const made = finishedEntry(terms, { ...whole, ...around });
  return made.kind === 'entry' ? { ...made, entry: settledEntry(made.entry, settling(exchange)) } : made;
}

const settling = ({ match, services }: CacheExchange) => ({
  settle: match.contentType.settle,
  purgeLog: services.purgeLog,
});

/** Stores what a fetch brought, if anything, and tells those who wait for it; then `tell`. When: as `judge` does. */
export function conclude(
  input: FillInput,
  entry: Entry | undefined,
  tell: (objection: Objection) => void,
): Promise<void> | undefined {
  if (entry === undefined) {
    letGo(input);
    return undefined;
  }
  return judge(input.exchange, entry, (objection) => {
    if (objection === undefined) storeForAll(input, entry);
    else if (objection === 'purged-during-fetch') letGo(input);
    else giveUpStoring(input, { status: entry.status, reason: objection });
    tell(objection);
  });
}

/** Stores an entry, and gives it to those who wait. */
export function storeForAll({ exchange, flight }: FillInput, entry: Entry): void {
  tellRenewed(exchange, entry);
  storeEntry(exchange, replacing(exchange, entry));
  exchange.services.uncacheable.delete(exchange.plan.key);
  flight?.end(entry.part === undefined ? { kind: 'done', result: entry } : { kind: 'give-up' });
}

/** Stores what a 304 made of a stored response, and gives it to those who wait, or drops it. Gives why it is not stored. */
export function concludeRenewal(
  input: FillInput,
  renewal: Exclude<Renewal, { kind: 'other' }>,
  stored: Entry,
): NotStoredReason | undefined {
  if (renewal.kind === 'renewed' && isCurrent(input.exchange, renewal.entry)) {
    storeForAll(input, settledEntry(renewal.entry, settling(input.exchange)));
    return undefined;
  }
  dropStored(input.exchange, stored);
  letGo(input);
  return renewal.kind === 'ended' ? renewal.reason : 'purged-during-fetch';
}

/** Lets a HEAD's answer freshen or end the stored GET response, if there is one. */
export function applyHead({ exchange, terms, stored, asOf }: FillInput, head: StoredHead): void {
  if (stored === undefined || terms.method !== 'HEAD') return;
  const renewal = renewByHead(terms, { stored, head, asOf });
  if (renewal === undefined) return;
  if (renewal.kind !== 'renewed') dropStored(exchange, stored);
  else if (isCurrent(exchange, renewal.entry)) exchange.services.store.put(renewal.entry);
}
