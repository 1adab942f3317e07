/** The stores of a server: opened, timed and counted, alone or as one of several workers. */

import type { Logger } from 'pino';
import type { Config } from './config/config.ts';
import { createReadCheck } from './control/token-holders.ts';
import { BoundedMap } from './kit/bounded-map.ts';
import { SingleFlight } from './kit/single-flight.ts';
import type { Clock, EpochMs } from './kit/time.ts';
import type { CacheKey } from './policy/key/cache-key.ts';
import { createPopularity } from './policy/lifetime/popularity.ts';
import type { Services } from './proxy/exchange/exchange.ts';
import { openBodies } from './proxy/fetch/open-bodies.ts';
import { createLearnSession } from './proxy/pass/learn-session.ts';
import { openStore } from './store/open-store.ts';
import type { OpenStore } from './store/opened-store.ts';
import type { OnAppended, Purge } from './store/purge-log.ts';
import { ownerOf } from './store/redis/owner.ts';
import type { Store } from './store/store.ts';
import { TimedStore } from './store/timed-store.ts';
import type { Counting } from './watch/count/counting.ts';
import type { OpenTraces } from './watch/trace/open-traces.ts';
import type { WorkerParts } from './workers/worker-parts.ts';

/** The stores of a server, with what of its services they are made with. `untimed`: the store without what times it. */
export type Stored = OpenStore & Pick<Services, 'evicted' | 'flights'> & { readonly untimed: Store };

type Timed = {
  readonly config: Config;
  readonly clock: Clock;
  readonly later?: Services['later'];
  readonly worker?: WorkerParts | undefined;
};

type StoreListeners = {
  readonly log: Logger;
  readonly counting: Counting;
  readonly onAppended: OnAppended;
  /** Hears of the purges of other workers. */
  readonly onForeign: (purge: Purge) => void;
};

/** Tells of purges. What was purged is fetched again, whichever worker has purged it; it counts where it was appended. */
export function storeListeners(
  { log, counting, tracing }: Pick<StoreListeners, 'log' | 'counting'> & { readonly tracing: OpenTraces },
  refill: (purge: Purge) => void,
): StoreListeners {
  const onAppended: OnAppended = (purge, receipt) => {
    counting.onAppended(purge, receipt);
    tracing.onAppended(purge, receipt);
    refill(purge);
  };
  return { log, counting, onAppended, onForeign: refill };
}

/** Opens the stores and the purge log. */
export async function openStored(
  { config, clock, worker }: Timed,
  { log, counting, onAppended, onForeign }: StoreListeners,
): Promise<Stored> {
  const evicted = new BoundedMap<string, true>(20_000);
  const flights: Services['flights'] = new SingleFlight({ maxFlights: 10_000, maxWaiters: 10_000 });
  const isFetching = (key: CacheKey): boolean => flights.get(key) !== undefined;
  const opened = await openStore({
    config: config.store,
    owner: ownerOf(config),
    ...{ janitor: config.janitor, clock, isFetching },
    onEvict: (key) => {
      evicted.set(key, true);
    },
    onAppended,
    shared: worker?.share(onForeign),
    onSlowWrite: counting.onSlowWrite,
    onEvent: (event) => {
      log.warn(event, 'redis');
    },
    onTidied: (round) => {
      log[round.isOverMax ? 'warn' : 'info'](round, 'janitor');
    },
  });
  const near = new TimedStore(opened.store, clock, counting.counters);
  const store = worker?.openStore({ ...opened, near, clock, isFetching }) ?? near;
  return { ...opened, store, untimed: opened.store, evicted, flights };
}

/** The services that stay the same under every configuration. */
export function fixedServices(
  { config, later, clock, worker }: Timed,
  { store, purgeLog, evicted, flights, learned }: Stored,
) {
  const popularity = createPopularity(config.ttl.popular);
  return {
    store,
    purgeLog,
    evicted,
    flights,
    uncacheable: new BoundedMap<string, EpochMs>(20_000),
    popularity: worker?.sharePopularity(popularity, clock) ?? popularity,
    ...openBodies(store, later),
    mayDebug: createReadCheck(config.control, clock),
    learnSession: createLearnSession((digest, keptFor) => {
      learned.trust(digest, keptFor);
    }),
  };
}
