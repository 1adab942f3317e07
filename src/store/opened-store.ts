/** What opening a store takes, and what it gives. */

import type { LearnedSessionStore } from './learned-sessions.ts';
import type { Janitor as JanitorConfig, StoreConfig } from '../config/config.ts';
import type { BreakerState } from '../kit/breaker.ts';
import type { Clock, Seconds } from '../kit/time.ts';
import type { CacheKey } from '../policy/key/cache-key.ts';
import type { UnreadableReason } from './redis/codec.ts';
import type { JanitorReport } from './redis/janitor.ts';
import type { JobLease } from './redis/job-lease.ts';
import type { MemoryStoreOptions } from './memory.ts';
import type { PurgeLog } from './purge-log.ts';
import type { Owner } from './redis/owner.ts';
import type { SharedNotes } from './redis/notes.ts';
import type { StoreEvent } from './shared.ts';
import type { Store } from './store.ts';

export type OpenStoreOptions = {
  readonly config: StoreConfig;
  /** Whose the prefix in Redis must be. */
  readonly owner: Owner;
  /** How often and how much; absent: the defaults, where there is Redis. */
  readonly janitor: JanitorConfig | undefined;
  readonly clock: Clock;
  /** Whether a key is being fetched here for all who want it: others need not. Absent: nobody can tell. */
  readonly isFetching?: ((key: CacheKey) => boolean) | undefined;
  readonly onEvict: MemoryStoreOptions['onEvict'];
  readonly onEvent: (event: StoreEvent) => void;
  readonly onTidied: (report: JanitorReport) => void;
};

/** How Redis does, in the words of `GET /readyz`, and what operators watch. */
export type RedisState = {
  readonly redis: 'up' | 'down' | 'none';
  readonly breaker: BreakerState['kind'];
  /** As the janitor estimated last. */
  readonly bytes?: number | undefined;
  /** How many values looked up in Redis were no entries, by why. */
  readonly unreadable?: Readonly<Partial<Record<UnreadableReason, number>>>;
  /** Purges waiting to be appended. */
  readonly queue?: number;
  /** Since the log was heard last; absent before the first time. */
  readonly lag?: Seconds | undefined;
};

export type OpenStore = {
  readonly store: Store;
  readonly purgeLog: PurgeLog;
  readonly learned: LearnedSessionStore;
  /** Absent: this is the only instance. */
  readonly lease?: JobLease;
  /** Absent: there is nobody to note anything for. */
  readonly notes?: SharedNotes;
  readonly redis: () => RedisState;
  /** To be called when no request is under way any more. */
  readonly close: () => Promise<void>;
};
