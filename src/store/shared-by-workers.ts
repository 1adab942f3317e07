/** What the store of a worker shares with the other workers of its instance. */

import type { Clock } from '../kit/time.ts';
import type { LearnedSessionMap, LearnedSessionStore } from './learned-sessions.ts';
import type { RedisPurgeLog } from './log/redis-purge-log.ts';
import type { OtherWorkers } from './log/told-workers.ts';
import type { OnAppended, PurgeLog } from './purge-log.ts';

export type SharedByWorkers = {
  readonly openLog: (options: {
    readonly clock: Clock;
    readonly onAppended?: OnAppended | undefined;
  }) => PurgeLog;
  /** What this process knows of session cookies, and how the others hear of what it learns. */
  readonly near: LearnedSessionMap;
  readonly learned: (known: LearnedSessionStore) => LearnedSessionStore;
  /** With Redis: this process's name among the readers of the log, the instance's, and whether it does what one does for all. */
  readonly reader: string;
  readonly instance: string;
  readonly isFirst: boolean;
  readonly workers: OtherWorkers;
  readonly onRedisLog: (log: RedisPurgeLog) => void;
};
