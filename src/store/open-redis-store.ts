/** Opens memory with Redis behind it. Apart from open-store.ts, so that the Redis client is loaded only when it is used. */

import type { Janitor as JanitorConfig, RedisConfig, StoreConfig } from '../config/config.ts';
import { seconds, wallTime } from '../kit/time.ts';
import { Janitor, type JanitorRound } from './redis/janitor.ts';
import { createJobLease, type JobLease } from './redis/job-lease.ts';
import type { MemoryStore } from './memory.ts';
import type { OpenStore, OpenStoreOptions } from './opened-store.ts';
import { nodesOf } from './redis/nodes.ts';
import { createSharedNotes, type SharedNotes } from './redis/notes.ts';
import { openSharedStore, type SharedStore } from './shared.ts';

type WithRedis = Omit<OpenStoreOptions, 'config'> & {
  readonly config: StoreConfig & { readonly redis: RedisConfig };
};

const janitorDefaults: JanitorConfig = { every: seconds(1800), scan: 5000 };
const janitorLimitMs = 1000;
/** No request waits for jobs and notes, so they may take longer than a lookup. */
const upkeepLimitMs = 1000;

/** Opens both tiers. Resolves within two seconds, whether Redis is up or not. */
export async function openRedisStore(options: WithRedis, memory: MemoryStore): Promise<OpenStore> {
  const { config, clock } = options;
  const shared = await openSharedStore({ ...options, memory });
  let bytes: number | undefined;
  const onTidied = (round: JanitorRound): void => {
    // A node that was only partly scanned would make the total too small.
    if (round.failures === 0) ({ bytes } = round);
    options.onTidied(round);
  };
  const { shared: ofWorkers } = options;
  const isForAll = ofWorkers === undefined || ofWorkers.isFirst;
  const stopTidying = isForAll && tidyRegularly(shared, { ...options, onTidied }, config.redis.maxBytes);
  const author = ofWorkers?.instance;
  const upkeep = { client: shared.upkeep, keys: shared.keys, deadlineMs: upkeepLimitMs, author };
  return {
    ...{ store: shared.store, memory, purgeLog: shared.purgeLog },
    learned: ofWorkers?.learned(shared.learned) ?? shared.learned,
    lease: leaseOf(shared, upkeep),
    notes: notesOf(shared, upkeep),
    redis: () => {
      const lag = shared.health.silence(clock.monotonicMs());
      const { store, purgeLog, unreadable } = shared;
      return { ...store.status(), bytes, unreadable, queue: purgeLog.waiting, lag };
    },
    close: async () => {
      if (stopTidying !== false) stopTidying();
      await shared.close();
    },
  };
}

type Upkeep = Parameters<typeof createSharedNotes>[0] & Parameters<typeof createJobLease>[0];

/** Until the prefix is known to be ours, every instance runs the job, as without Redis. */
function leaseOf({ health }: SharedStore, upkeep: Upkeep): JobLease {
  const lease = createJobLease(upkeep);
  return {
    acquire: (name, duration) =>
      health.mayUse('writer') ? lease.acquire(name, duration) : Promise.resolve(true),
  };
}

function notesOf({ health }: SharedStore, upkeep: Upkeep): SharedNotes {
  const notes = createSharedNotes(upkeep);
  const unproven = (): Promise<never> => Promise.reject(new Error('Redis is away'));
  return {
    author: notes.author,
    write: (...note) => (health.mayUse('writer') ? notes.write(...note) : unproven()),
    read: (subject) => (health.mayUse('writer') ? notes.read(subject) : unproven()),
  };
}

function tidyRegularly(
  { upkeep, keys, purgeLog, store, health }: SharedStore,
  { janitor: config = janitorDefaults, clock, onTidied }: Omit<OpenStoreOptions, 'config'>,
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
    // While the log is silent, it is unknown which entries are current.
    if (isRunning || store.status().redis !== 'up' || !health.mayUse('writer')) return;
    isRunning = true;
    onTidied(await janitor.run(config.scan, wallTime(clock, clock.now())));
    isRunning = false;
  };
  const timer = setInterval(() => void run(), config.every * 1000);
  return () => {
    clearInterval(timer);
  };
}
