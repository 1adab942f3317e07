/** Opens the configured store: memory alone, or memory with Redis behind it. */

import { LearnedSessionMap } from './learned-sessions.ts';
import { randomUUID } from 'node:crypto';
import { MemoryStore } from './memory.ts';
import type { OpenStore, OpenStoreOptions } from './opened-store.ts';
import { LocalPurgeLog } from './purge-log.ts';

/** Opens the store. With Redis it resolves within two seconds, whether Redis is up or not. */
export async function openStore(options: OpenStoreOptions): Promise<OpenStore> {
  const { config } = options;
  const { redis, memoryBytes } = config;
  const { onEvict, onAppended, clock, shared } = options;
  const memory = new MemoryStore({ maxBytes: memoryBytes, ...(onEvict && { onEvict }) });
  if (redis === undefined) {
    return {
      ...{ store: memory, memory },
      purgeLog:
        shared?.openLog({ clock, onAppended }) ?? new LocalPurgeLog(randomUUID(), 0, { clock, onAppended }),
      learned: shared?.learned(shared.near) ?? new LearnedSessionMap(),
      redis: () => ({ redis: 'none', breaker: 'closed' }),
      close: () => Promise.resolve(),
    };
  }
  const { openRedisStore } = await import('./open-redis-store.ts');
  return openRedisStore({ ...options, config: { ...config, redis } }, memory);
}
