/**
 * Reads each of many keys once through the two tiers, so many at a time, with no HTTP around: what the store itself takes.
 */
import { parseConfig } from '../../src/config/schema/check.ts';
import { systemClock } from '../../src/kit/time.ts';
import type { CacheKey } from '../../src/policy/key/cache-key.ts';
import { openStore } from '../../src/store/open-store.ts';
import { ownerOf } from '../../src/store/redis/owner.ts';
import { argument } from './child.ts';
import { percentile } from './percentile.ts';
import { serveTasks } from './worker.ts';

export type StoreWalk = { readonly keys: readonly string[]; readonly atOnce: number };

export type StoreWalked = {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuUs: number;
  readonly found: number;
};

const parsed = parseConfig(argument() as string, { file: 'bench.yaml', env: {} });
if (parsed.kind !== 'ok') throw new Error(JSON.stringify(parsed));
const { store } = await openStore({
  config: parsed.config.store,
  owner: ownerOf(parsed.config),
  janitor: undefined,
  clock: systemClock,
  onEvict: () => undefined,
  onEvent: () => undefined,
  onTidied: () => undefined,
});

serveTasks(async ({ keys, atOnce }: StoreWalk): Promise<StoreWalked> => {
  const times = new Float64Array(keys.length);
  let next = 0;
  let found = 0;
  const keepReading = async (): Promise<void> => {
    while (next < keys.length) {
      const at = next++;
      const key = keys[at] as CacheKey;
      if (store.peek(key).length > 0) continue;
      const askedMs = performance.now();
      const entries = await store.get(key);
      times[at] = performance.now() - askedMs;
      found += entries.length;
    }
  };
  const before = process.cpuUsage();
  const started = performance.now();
  await Promise.all(Array.from({ length: atOnce }, keepReading));
  const elapsedMs = performance.now() - started;
  const { user, system } = process.cpuUsage(before);
  return {
    perSecond: (keys.length / elapsedMs) * 1000,
    p50Ms: percentile(times, 0.5),
    p99Ms: percentile(times, 0.99),
    cpuUs: (user + system) / keys.length,
    found,
  };
});
