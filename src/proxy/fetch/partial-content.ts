/**
 * Parts of representations on `standard` routes (RFC 9111 §3.3, §3.4): stored and put together under a strong validator,
 * completed by asking for the rest; never given as a whole.
 */

import { etagText } from '../../http/entity-tags.ts';
import { combinedValue, withoutFields } from '../../http/fields.ts';
import { completionFields, missingParts } from '../../http/parts.ts';
import { contentOnly, parseContentRange, type SatisfiableRange } from '../../http/ranges.ts';
import { freshen } from '../../http/validators.ts';
import { matchesVariant } from '../../http/vary.ts';
import type { KeyPlan } from '../../policy/key/cache-key.ts';
import type { Entry, StoredPart } from '../../store/store.ts';
import type { StoredHead } from './storing.ts';

/** `part` is undefined for what is by now the whole. */
type Assembled = {
  readonly head: StoredHead;
  readonly body: Buffer;
  readonly part: StoredPart | undefined;
};

/** The one range a stored part lacks; `undefined` when it lacks more, or has no validator. */
export function missingOf(entry: Entry): SatisfiableRange | undefined {
  if (entry.part === undefined || etagText(entry.fields) === undefined) return undefined;
  const { first, last, complete } = entry.part;
  const missing = missingParts([{ first, last }], { first: 0, last: complete - 1 });
  return missing.length === 1 ? missing[0] : undefined;
}

/** The fields that ask for what a stored part lacks. */
export function askForRest(entry: Entry): string[] | undefined {
  const missing = missingOf(entry);
  return missing === undefined ? undefined : completionFields([missing], entry.fields);
}

/** Whether a 206 is exactly the rest of a stored part. */
export function isRestOf(entry: Entry, head: StoredHead): boolean {
  const range = rangeOf(head);
  const missing = missingOf(entry);
  if (range === undefined || missing === undefined || !isSameStrong(entry, head)) return false;
  return (
    range.first === missing.first && range.last === missing.last && range.complete === entry.part?.complete
  );
}

/**
 * What a 206 and its body are to be stored as: joined with a stored part of the same representation that touches it.
 * `undefined` when the body is not what Content-Range says.
 */
export function assemble(
  { head, body }: Pick<Assembled, 'head' | 'body'>,
  plan: Pick<KeyPlan, 'selectingFields'>,
  variants: readonly Entry[],
): Assembled | undefined {
  const range = rangeOf(head);
  if (range === undefined || body.length !== range.last - range.first + 1) return undefined;
  const stored = variants.find(
    (entry) =>
      entry.part !== undefined &&
      isSameStrong(entry, head) &&
      matchesVariant(entry.selection, plan.selectingFields()),
  );
  const joined = stored === undefined ? undefined : join(stored, range, body);
  const { first, last, bytes } = joined ?? { ...range, bytes: body };
  const isWhole = first === 0 && last === range.complete - 1;
  const newer = withoutFields(head.fields, contentOnly);
  const fields =
    joined === undefined || stored === undefined ? newer : freshen(stored.fields, newer, head.responseTime);
  const part = isWhole ? undefined : { first, last, complete: range.complete };
  return { head: { ...head, status: 200, fields }, body: bytes, part };
}

function rangeOf({ status, fields }: StoredHead): StoredPart | undefined {
  const range = status === 206 ? parseContentRange(combinedValue(fields, 'content-range') ?? '') : undefined;
  if (range?.kind !== 'part' || range.length === undefined) return undefined;
  return { ...range.range, complete: range.length };
}

function isSameStrong(entry: Entry, head: StoredHead): boolean {
  const tag = etagText(entry.fields);
  return tag !== undefined && !tag.startsWith('W/') && tag === etagText(head.fields);
}

type Joined = { readonly first: number; readonly last: number; readonly bytes: Buffer };

function join(stored: Entry, range: StoredPart, body: Buffer): Joined | undefined {
  const { part } = stored;
  if (part === undefined || part.complete !== range.complete) return undefined;
  if (range.first > part.last + 1 || part.first > range.last + 1) return undefined;
  const first = Math.min(part.first, range.first);
  const last = Math.max(part.last, range.last);
  const bytes = Buffer.allocUnsafeSlow(last - first + 1);
  stored.body.copy(bytes, part.first - first);
  // The newer bytes lie over the older ones; under a strong validator they are the same.
  body.copy(bytes, range.first - first);
  return { first, last, bytes };
}
