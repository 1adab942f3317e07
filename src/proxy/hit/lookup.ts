/** Key → stored variant → still current? → reuse decision. */

import type { RequestDirectives } from '../../http/cache-control.ts';
import { mustDecode } from '../../http/content-coding.ts';
import { combinedValue } from '../../http/fields.ts';
import { hasPart } from '../../http/parts.ts';
import { planRanges } from '../../http/ranges.ts';
import { type Reuse, reuse } from '../../http/reuse.ts';
import { matchesVariant } from '../../http/vary.ts';
import type { EpochMs } from '../../kit/time.ts';
import type { KeyPlan } from '../../policy/key/cache-key.ts';
import type { PurgeCause, PurgeLog } from '../../store/purge-log.ts';
import type { Entry } from '../../store/store.ts';
import { type EndedCopy, endedCopy } from '../exchange/ended-copy.ts';
import type { ClientRequest } from '../exchange/client-request.ts';
import type { MissCause } from '../exchange/outcome.ts';

/** `part`: a fresh part of what is asked for. */
export type Lookup =
  | {
      readonly kind: 'none';
      readonly cause: Extract<MissCause, 'cold' | 'purged' | 'vary' | 'partial'>;
      readonly purgedBy: PurgeCause | 'forgotten' | undefined;
      /** A write ended what would have been given. */
      readonly ended?: EndedCopy | undefined;
      readonly part?: Entry;
    }
  | {
      readonly kind: 'entry';
      readonly entry: Entry;
      readonly reuse: Reuse;
      readonly purgedBy: PurgeCause | undefined;
    };

const cold: Lookup = { kind: 'none', cause: 'cold', purgedBy: undefined };
const otherVariant: Lookup = { kind: 'none', cause: 'vary', purgedBy: undefined };

type LookupInput = {
  readonly request: Pick<ClientRequest, 'method' | 'fields'>;
  readonly plan: Pick<KeyPlan, 'selectingFields' | 'answers'>;
  readonly directives: RequestDirectives;
  readonly now: EpochMs;
  readonly purgeLog: PurgeLog;
};

/** Chooses among the variants of a key (the one stored last wins, RFC 9111 §4.1) and decides on its reuse. */
export function chooseVariant(variants: readonly Entry[], input: LookupInput): Lookup {
  if (variants.length === 0) return cold;
  const { plan, directives, now, purgeLog } = input;
  let purgedBy: PurgeCause | 'forgotten' | undefined;
  let ended: EndedCopy | undefined;
  let part: Entry | undefined;
  for (const entry of variants) {
    if (entry.selection.names.length > 0 && !matchesVariant(entry.selection, plan.selectingFields()))
      continue;
    if (plan.answers !== undefined && !plan.answers(entry)) continue;
    const verdict = purgeLog.verdict(entry);
    if (verdict.kind === 'purged') {
      purgedBy = verdict.cause;
      ended ??= endedCopy(entry, verdict);
      continue;
    }
    const decided = reuse(entry.policy, directives, now);
    if (entry.part !== undefined && (decided.kind !== 'fresh' || !holds(entry, input.request))) {
      if (decided.kind === 'fresh') part ??= entry;
      continue;
    }
    if (verdict.kind === 'current') return { kind: 'entry', entry, reuse: decided, purgedBy: undefined };
    return { kind: 'entry', entry, reuse: softened(decided, entry), purgedBy: verdict.cause };
  }
  if (part !== undefined) return { kind: 'none', cause: 'partial', purgedBy: undefined, part };
  if (purgedBy === undefined) return otherVariant;
  return { kind: 'none', cause: 'purged', purgedBy, ...(ended && { ended }) };
}

/** After a soft purge a fresh entry is stale. */
function softened(decided: Reuse, entry: Entry): Reuse {
  if (decided.kind !== 'fresh') return decided;
  const { age, ttl } = decided;
  if (entry.policy.staleWhileRevalidate > 0)
    return { kind: 'stale', age, ttl, why: 'stale-while-revalidate' };
  return { kind: 'validate', age, ttl, reason: 'stale' };
}

/** Whether a stored part has all the bytes asked for (RFC 9111 §3.3). A part of a coded body cannot be decoded. */
function holds({ part, fields }: Entry, { method, fields: requestFields }: LookupInput['request']): boolean {
  if (part === undefined) return true;
  if (mustDecode(fields, combinedValue(requestFields, 'accept-encoding'))) return false;
  const input = { method, requestFields, storedStatus: 200, storedFields: fields, length: part.complete };
  const plan = planRanges(input);
  return plan.kind === 'single' && hasPart([part], plan.range);
}
