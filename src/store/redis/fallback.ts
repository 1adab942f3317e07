/**
 * How long an entry may be used while no purges are received (CONTRACT §5, "Redis unreachable"): at most the given time
 * after the log was last trusted, or after the entry was received if that is later.
 */

import { type EpochMs, type Seconds, between, seconds } from '../../kit/time.ts';
import type { Entry } from '../store.ts';

/** The same entry, unusable after `until`. */
export function cappedEntry(entry: Entry, until: EpochMs): Entry {
  const { policy } = entry;
  const end = Math.max(0, policy.initialAge + between(policy.responseTime, until));
  const lifetime = seconds(Math.min(policy.lifetime, end));
  const cap = (window: Seconds): Seconds => seconds(Math.max(0, Math.min(window, end - lifetime)));
  return {
    ...entry,
    policy: {
      ...policy,
      lifetime,
      staleWhileRevalidate: cap(policy.staleWhileRevalidate),
      staleIfError: cap(policy.staleIfError),
      staleIfDisconnected: cap(policy.staleIfDisconnected),
    },
  };
}

/** Entries capped for one period of silence; each is made once. */
export class Fallback {
  readonly #since: EpochMs;
  readonly #longest: Seconds;
  readonly #capped = new WeakMap<Entry, Entry>();

  constructor(since: EpochMs, longest: Seconds) {
    this.#since = since;
    this.#longest = longest;
  }

  cap(entries: readonly Entry[]): readonly Entry[] {
    return entries.map((entry) => {
      const before = this.#capped.get(entry);
      if (before !== undefined) return before;
      const from = Math.max(this.#since, entry.policy.responseTime);
      const capped = cappedEntry(entry, (from + this.#longest * 1000) as EpochMs);
      this.#capped.set(entry, capped);
      return capped;
    });
  }
}
