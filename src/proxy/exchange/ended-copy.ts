/** A copy that a write ended, and what becomes of it: nobody asks again, or the app's answer is the same, or another. */

import type { Verdict } from '../../store/purge-log.ts';
import type { StoredSubject } from '../../store/store.ts';

/** `name`: short, and no other copy's. `rule`: whose write ended it. */
export type EndedCopy = { readonly name: string; readonly rule: string };

/** Hears what becomes of copies that writes ended. Each function returns at once. */
export type Endings = {
  /** A client asks for it, and the request goes to the origin. */
  readonly onAskedAgain: (copy: EndedCopy) => void;
  /** The origin's answer is here, whoever asked. */
  readonly onRenewed: (copy: EndedCopy, isSame: boolean) => void;
};

/** The copy if a write's purge ended it. */
export function endedCopy(
  { key, variant, asOf }: Pick<StoredSubject, 'key' | 'variant' | 'asOf'>,
  verdict: Verdict,
): EndedCopy | undefined {
  if (verdict.kind !== 'purged' || verdict.rule === undefined) return undefined;
  // Its place in the log tells it from the copies before and after it.
  const place = `${asOf.seq}.${asOf.own?.seq ?? 0}`;
  return { name: `${key.slice(0, 16)}${variant.slice(0, 8)}@${place}`, rule: verdict.rule };
}
