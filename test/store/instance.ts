/** One instance's shared store for tests: small memory, real Redis, the machine's clock. */
import type { Test } from 'tap';
import type { RedisConfig, StoreConfig } from '../../src/config/config.ts';
import { type Clock, epochMs, type Seconds, seconds, systemClock } from '../../src/kit/time.ts';
import type { Tag } from '../../src/policy/rules/tags.ts';
import type { Owner } from '../../src/store/redis/owner.ts';
import { MemoryStore } from '../../src/store/memory.ts';
import type { Purge, Receipt } from '../../src/store/purge-log.ts';
import type { SharedByWorkers } from '../../src/store/shared-by-workers.ts';
import { openSharedStore, type SharedStore, type StoreEvent } from '../../src/store/shared.ts';
import type { Entry } from '../../src/store/store.ts';
import { eventually } from '../helpers/eventually.ts';
import { entryBut, keyOf, tagsOf } from './entry.ts';

export type Instance = SharedStore & {
  readonly memory: MemoryStore;
  readonly events: StoreEvent[];
  /** Stores a page as a fill does: position first. */
  readonly fill: (name: string, change?: Partial<Entry>) => Entry;
  readonly purge: (...tags: string[]) => Promise<Receipt>;
  /** What a request for the page would get: its body, or why not. */
  readonly ask: (name: string) => Promise<string>;
};

export type InstanceOptions = Partial<StoreConfig> & {
  readonly url?: string;
  /** In place of the URL. */
  readonly server?: RedisConfig['server'];
  readonly deadlineMs?: number;
  readonly keepSeconds?: number;
  readonly fillLock?: boolean;
  readonly owner?: Owner;
  readonly clock?: Clock;
  readonly shared?: SharedByWorkers;
  readonly onSlowWrite?: (operation: 'set' | 'delete', duration: Seconds) => void;
};

const mib = 1024 * 1024;

/** Opens an instance that closes with the test. */
export async function openInstance(t: Test, options: InstanceOptions): Promise<Instance> {
  const {
    url = '',
    server = { kind: 'url', url },
    // Only what is tried with a Redis that does not answer needs a short one.
    deadlineMs = 5000,
    keepSeconds,
    fillLock = false,
    clock = systemClock,
    owner = { name: 'http://127.0.0.1:5000', fingerprint: 'f00d' },
    onSlowWrite,
    shared: ofWorkers,
    ...config
  } = options;
  const memory = new MemoryStore({ maxBytes: 8 * mib });
  const events: StoreEvent[] = [];
  const redis = {
    server,
    prefix: 'test',
    deadline: seconds(deadlineMs / 1000),
    maxBytes: 100 * mib,
    fillLock,
  } as const;
  const shared = await openSharedStore({
    config: {
      coherence: 'bounded',
      lag: seconds(1),
      fallbackTtl: seconds(60),
      ...config,
      redis,
    },
    owner,
    memory,
    clock,
    onEvent: (event) => events.push(event),
    onSlowWrite,
    shared: ofWorkers,
    ...(keepSeconds === undefined ? {} : { keep: seconds(keepSeconds) }),
  });
  t.teardown(() => shared.close());
  return { ...shared, memory, events, ...requestsOf(shared) };
}

function requestsOf({ store, purgeLog }: SharedStore): Pick<Instance, 'fill' | 'purge' | 'ask'> {
  return {
    fill: (name, change = {}) => {
      const entry = filledBut({ asOf: purgeLog.position(), ...change }, name);
      store.put(entry);
      return entry;
    },
    purge: (...tags) => purgeLog.append(purgeOf(tagsOf(...tags))),
    ask: async (name) => {
      const near = usable(purgeLog, store.peek(keyOf(name)));
      return near === 'miss' ? usable(purgeLog, await store.get(keyOf(name))) : near;
    },
  };
}

/** A page received just now. */
export function filledBut(change: Partial<Entry>, name: string): Entry {
  const now = epochMs(Date.now());
  const { policy } = entryBut();
  return entryBut(
    { responseTime: now, requestTime: now, policy: { ...policy, responseTime: now }, ...change },
    name,
  );
}

export const purgeOf = (tags: Tag[], change: Partial<Purge> = {}): Purge => ({
  tags,
  prefixes: [],
  everything: false,
  soft: false,
  cause: 'write',
  ...change,
});

function usable(log: SharedStore['purgeLog'], entries: readonly Entry[]): string {
  const [entry] = entries.filter((candidate) => log.verdict(candidate).kind === 'current');
  if (entry === undefined) return 'miss';
  const { lifetime, responseTime } = entry.policy;
  return Date.now() - responseTime < lifetime * 1000 ? entry.body.toString() : 'stale';
}

/** Waits until the instance works with Redis. */
export const isUp = ({ store }: Instance): Promise<number> =>
  eventually('Redis is taken up', () => store.status().redis === 'up');
