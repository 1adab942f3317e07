/** The options for opening a store, and the opened store. */

import type { LearnedSessionStore } from './learned-sessions.ts';
import type { Janitor as JanitorConfig, StoreConfig } from '../config/config.ts';
import type { BreakerState } from '../kit/breaker.ts';
import type { Clock, Seconds } from '../kit/time.ts';
import type { CacheKey } from '../policy/key/cache-key.ts';
import type { UnreadableReason } from './redis/codec.ts';
import type { JanitorRound } from './redis/janitor.ts';
import type { JobLease } from './redis/job-lease.ts';
import type { MemoryStoreOptions } from './memory.ts';
import type { OnAppended, PurgeLog } from './purge-log.ts';
import type { Owner } from './redis/owner.ts';
import type { SharedNotes } from './redis/notes.ts';
import type { TieredOptions } from './redis/tiered.ts';
import type { SharedByWorkers } from './shared-by-workers.ts';
import type { StoreEvent } from './shared.ts';
import type { Store } from './store.ts';

export type OpenStoreOptions = {
  readonly config: StoreConfig;
  readonly owner: Owner;
  readonly janitor: JanitorConfig | undefined;
  readonly clock: Clock;
  readonly isFetching?: ((key: CacheKey) => boolean) | undefined;
  readonly onEvict: MemoryStoreOptions['onEvict'];
  readonly onEvent: (event: StoreEvent) => void;
  readonly onTidied: (round: JanitorRound) => void;
  readonly onAppended?: OnAppended;
  readonly onSlowWrite?: TieredOptions['onSlowWrite'];
  /** What a worker shares with the others of its instance; absent: the process is the instance. */
  readonly shared?: SharedByWorkers | undefined;
};

/** The state of Redis, in the words of `GET /readyz`, with what operators watch. */
export type RedisState = {
  readonly redis: 'up' | 'down' | 'none';
  readonly breaker: BreakerState['kind'];
  readonly bytes?: number | undefined;
  readonly unreadable?: Readonly<Partial<Record<UnreadableReason, number>>>;
  readonly queue?: number;
  /** Time since the log was last read; absent before the first time. */
  readonly lag?: Seconds | undefined;
};

export type OpenStore = {
  readonly store: Store;
  /** Its memory alone, where what comes from another worker is put. */
  readonly memory: Store;
  readonly purgeLog: PurgeLog;
  readonly learned: LearnedSessionStore;
  /** Absent: this is the only instance. */
  readonly lease?: JobLease;
  readonly notes?: SharedNotes;
  readonly redis: () => RedisState;
  /** To be called when no request is in flight any more. */
  readonly close: () => Promise<void>;
};
