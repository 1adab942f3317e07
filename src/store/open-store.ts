/**
 * The store a configuration asks for: memory alone, or memory before Redis with the shared purge log and its janitor.
 */

import { randomUUID } from 'node:crypto';
import type { Janitor as JanitorConfig, StoreConfig } from '../config/config.ts';
import type { BreakerState } from '../kit/breaker.ts';
import { type Clock, type Seconds, seconds } from '../kit/time.ts';
import { Janitor, type JanitorReport } from './janitor.ts';
import { MemoryStore, type MemoryStoreOptions } from './memory.ts';
import { LocalPurgeLog, type PurgeLog } from './purge-log.ts';
import { nodesOf } from './redis-nodes.ts';
import { openSharedStore, type SharedStore, type StoreEvent } from './shared.ts';
import type { Store } from './store.ts';

export type OpenStoreOptions = {
  readonly config: StoreConfig;
  /** How often and how much; absent: the defaults, where there is Redis. */
  readonly janitor: JanitorConfig | undefined;
  readonly clock: Clock;
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
  /** Purges waiting to be appended. */
  readonly queue?: number;
  /** Since the log was heard last; absent before the first time. */
  readonly lag?: Seconds | undefined;
};

export type OpenStore = {
  readonly store: Store;
  readonly purgeLog: PurgeLog;
  readonly redis: () => RedisState;
  /** To be called when no request is under way any more. */
  readonly close: () => Promise<void>;
};

const janitorDefaults: JanitorConfig = { every: seconds(1800), scan: 5000 };
const janitorLimitMs = 1000;

/** Opens the store. With Redis it resolves within two seconds, whether Redis is there or not. */
export async function openStore(options: OpenStoreOptions): Promise<OpenStore> {
  const { config, clock, onEvent } = options;
  const { redis, memoryBytes } = config;
  const { onEvict } = options;
  const memory = new MemoryStore({ maxBytes: memoryBytes, ...(onEvict && { onEvict }) });
  if (redis === undefined) {
    return {
      store: memory,
      purgeLog: new LocalPurgeLog(randomUUID()),
      redis: () => ({ redis: 'none', breaker: 'closed' }),
      close: () => Promise.resolve(),
    };
  }
  const shared = await openSharedStore({ config: { ...config, redis }, memory, clock, onEvent });
  let bytes: number | undefined;
  const onTidied = (report: JanitorReport): void => {
    ({ bytes } = report);
    options.onTidied(report);
  };
  const stopTidying = tidyRegularly(shared, { ...options, onTidied }, redis.maxBytes);
  return {
    store: shared.store,
    purgeLog: shared.purgeLog,
    redis: () => {
      const lag = shared.health.silence(clock.monotonicMs());
      return { ...shared.store.status(), bytes, queue: shared.purgeLog.waiting, lag };
    },
    close: async () => {
      stopTidying();
      await shared.close();
    },
  };
}

function tidyRegularly(
  { upkeep, keys, purgeLog, store }: SharedStore,
  { janitor: config = janitorDefaults, clock, onTidied }: OpenStoreOptions,
  maxBytes: number,
): () => void {
  const janitor = new Janitor({
    nodes: () => nodesOf(upkeep, janitorLimitMs),
    keys,
    log: purgeLog,
    maxBytes,
  });
  let isRunning = false;
  const run = async (): Promise<void> => {
    // What is current cannot be told while the log is silent.
    if (isRunning || store.status().redis !== 'up') return;
    isRunning = true;
    onTidied(await janitor.run(config.scan, clock.now()));
    isRunning = false;
  };
  const timer = setInterval(() => void run(), config.every * 1000);
  return () => {
    clearInterval(timer);
  };
}
