/**
 * The lifetime of an answer that came soon after a purge that named it (`settle`): the app's own cache may have given its
 * old copy, so it is asked again when that is gone.
 */

import { type Seconds, epochMs } from '../../kit/time.ts';
import { cappedPolicy } from '../../policy/lifetime/stored-lifetime.ts';
import type { PurgeLog } from '../../store/purge-log.ts';
import type { Entry } from '../../store/store.ts';

/** The entry with at most `settle` to live, if a purge within so long before it was asked for named it. */
export function settledEntry(
  entry: Entry,
  { settle, purgeLog }: { readonly settle: Seconds | undefined; readonly purgeLog: PurgeLog },
): Entry {
  if (settle === undefined) return entry;
  const { tags, host, target, requestTime } = entry;
  const asOf = purgeLog.positionAt(epochMs(requestTime - settle * 1000));
  const verdict = purgeLog.verdict({ tags, host, target, asOf });
  // A reload changes rules, not what the app has.
  if (verdict.kind === 'current' || verdict.cause === 'reload') return entry;
  const basis = { ...entry.basis, settle };
  return { ...entry, basis, policy: cappedPolicy(entry.policy, basis) };
}
