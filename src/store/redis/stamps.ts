/**
 * The times in an entry, as Redis has them: by the wall clock of who stored it; as memory has them: by this process's own
 * clock (`SteadyClock`). Pure.
 *
 * Promises: what this process stored is as old as it is, however the wall clock was set since; what another stored, or this
 * one before it was started, and claims to be of the future, is stale and of use for validation only.
 */

import { type EpochMs, epochMs, seconds } from '../../kit/time.ts';
import type { Entry } from '../store.ts';

/** Who wrote an entry, and how far its own clock was then ahead of its wall clock. */
export type Stamp = { readonly by: string; readonly aheadMs: number };

type Timed = Pick<Entry, 'policy' | 'requestTime' | 'responseTime'>;

/** Clocks of instances that differ by less are taken for equal. */
const toleratedMs = 1000;

/** As Redis is to have it. */
export const stamped = <E extends Timed>(entry: E, { aheadMs }: Stamp): E => shifted(entry, -aheadMs);

type Reading = { readonly stamp: Stamp | undefined; readonly reader: Stamp; readonly now: EpochMs };

/** As memory is to have it, read at `now`; `stamp` is the writer's, absent in entries of older versions. */
export function unstamped<E extends Timed>(entry: E, { stamp, reader, now }: Reading): E {
  const isOwn = stamp?.by === reader.by;
  const own = shifted(entry, isOwn ? stamp.aheadMs : reader.aheadMs);
  const futureMs = own.responseTime - now;
  if (futureMs <= 0) return own;
  return futureMs > toleratedMs ? outdated(own, now) : shifted(own, -futureMs);
}

function shifted<E extends Timed>(entry: E, byMs: number): E {
  if (byMs === 0) return entry;
  const { policy, requestTime, responseTime } = entry;
  return {
    ...entry,
    policy: { ...policy, responseTime: epochMs(policy.responseTime + byMs) },
    requestTime: epochMs(requestTime + byMs),
    responseTime: epochMs(responseTime + byMs),
  };
}

/** Nobody knows how old it is: older than all others, and never used without validation. */
function outdated<E extends Timed>(entry: E, now: EpochMs): E {
  const none = seconds(0);
  const windows = { staleWhileRevalidate: none, staleIfError: none, staleIfDisconnected: none };
  const policy = { ...entry.policy, ...windows, lifetime: none, responseTime: now, noCache: true };
  return { ...entry, policy, requestTime: epochMs(1), responseTime: epochMs(1) };
}
