/** All background fetching, put together. It starts when the proxy listens. */

import type { Logger } from 'pino';
import { type Clock, type Seconds, seconds } from '../kit/time.ts';
import { type Config, defaults } from '../config/config.ts';
import type { CallListener } from '../origin/call-listener.ts';
import type { OriginHealth } from '../origin/origin-health.ts';
import type { Background, CacheExchange, Services } from '../proxy/exchange/exchange.ts';
import type { Outcome } from '../proxy/exchange/outcome.ts';
import type { Purge, PurgeLog } from '../store/purge-log.ts';
import type { Entry } from '../store/store.ts';
import { isDue, lastShare } from './ahead.ts';
import type { Asking } from './ask-ahead.ts';
import { Demand } from './demand.ts';
import { Governor } from './governor.ts';
import type { Lease } from './lease.ts';
import { OriginLoad } from './origin-load.ts';
import { readPopular, writePopular } from './popular-file.ts';
import { Refill } from './refill.ts';
import { renewal } from './renewal.ts';
import { ScheduledRefresh } from './scheduled-refresh.ts';
import { Timetable } from './timetable.ts';
import { createWarm, type Warm } from './warm.ts';

export type RefreshOptions = {
  /** The services of the request path, which are built later: not used before the first request. */
  readonly services: () => Services;
  readonly config: () => Config;
  readonly purgeLog: PurgeLog;
  readonly health: OriginHealth;
  readonly clock: Clock;
  readonly log: Logger;
  readonly lease: Lease;
  readonly dice: () => number;
  readonly later: (delay: Seconds, action: () => void) => () => void;
  /** The file that keeps the popular requests over restarts; absent: none is kept. */
  readonly popularFile?: string | undefined;
};

export type OpenRefresh = {
  /** Listeners for the parts that call them. */
  readonly background: Background;
  readonly onOutcome: (outcome: Outcome) => void;
  readonly onAppended: (purge: Purge) => void;
  readonly callListener: CallListener;
  readonly governor: Governor;
  readonly warm: Warm;
  readonly heldCount: () => number;
  /** Loads the popular list, starts the jobs of `refresh`, and warms up by `warm.on_start` unless `skipWarmUp`. */
  readonly start: (options: { readonly skipWarmUp: boolean }) => Promise<void>;
  readonly tick: () => void;
  readonly close: () => Promise<void>;
};

type Room = {
  readonly options: RefreshOptions;
  readonly asking: Asking;
  readonly demand: Demand;
  readonly scheduled: ScheduledRefresh;
  readonly timetable: Timetable;
  readonly refill: Refill;
  readonly warm: Warm;
};

const keptInFile = 2000;
const saveEveryTicks = 60;
/** A waiting renewal holds the request that caused it in memory. */
const mostRenewals = 2000;

/** Opens background fetching. */
export function openRefresh(options: RefreshOptions): OpenRefresh {
  const { load, ...room } = furnish(options);
  const { asking, demand, scheduled, refill, warm } = room;
  return {
    background: backgroundOf(room),
    onOutcome: demand.onOutcome,
    onAppended: (purge) => {
      refill.onPurge(purge);
    },
    callListener: load.listener,
    governor: asking.governor,
    warm,
    heldCount: () => scheduled.heldCount,
    ...running(room),
  };
}

function backgroundOf(room: Room): Background {
  const { demand, scheduled } = room;
  return {
    onAsked: (exchange) => {
      scheduled.onAsked(exchange);
    },
    onStaleHit: (exchange, entry) => {
      renew(room, exchange, entry);
    },
    onFreshHit: (exchange, entry, ttl) => {
      if (isTimeFor(room, exchange, { entry, ttl })) renew(room, exchange, entry);
    },
    onStored: (exchange, entry) => {
      demand.onStored(exchange, entry);
      scheduled.onStored(exchange, entry);
    },
  };
}

function running(room: Room): Pick<OpenRefresh, 'start' | 'tick' | 'close'> {
  const { options, asking, demand, scheduled, timetable, refill } = room;
  const save = createSave(room);
  let ticks = 0;
  let timer: NodeJS.Timeout | undefined;
  const tick = (): void => {
    demand.tick();
    timetable.tick(scheduled.jobs());
    ticks += 1;
    if (ticks % saveEveryTicks === 0) void save();
  };
  return {
    tick,
    start: async ({ skipWarmUp }) => {
      timer = setInterval(tick, 1000);
      timer.unref();
      if (options.popularFile !== undefined) demand.load(await readPopular(options.popularFile));
      if (skipWarmUp) return;
      await warmOnStart(room).catch((error: unknown) => {
        options.log.error({ err: error }, 'warm-up failed');
      });
    },
    close: async () => {
      clearInterval(timer);
      refill.close();
      asking.governor.close();
      await save();
    },
  };
}

function furnish(options: RefreshOptions): Room & { readonly load: OriginLoad } {
  const { clock, config, health, later, lease, log, purgeLog } = options;
  const demand = new Demand(clock);
  const load = new OriginLoad({
    onSample: (sample) => {
      governor.onSample(sample);
    },
    onRoom: () => {
      governor.onRoom();
    },
  });
  const governor = new Governor({
    clock,
    concurrency: () => (config().warm ?? defaults.warm).concurrency,
    connections: () => config().upstream.connections,
    load,
    health,
    later,
    onError: (error) => {
      log.error({ err: error }, 'background fetch failed');
    },
  });
  const asking: Asking = { services: options.services, governor };
  const onError = (error: unknown, job: string): void => {
    log.error({ err: error, job }, 'scheduled job failed');
  };
  return {
    load,
    options,
    asking,
    demand,
    scheduled: new ScheduledRefresh({ asking, demand, clock, purgeLog, config }),
    timetable: new Timetable({ clock, lease, onError }),
    refill: new Refill({ asking, demand, later }),
    warm: createWarm(asking, demand),
  };
}

/** Whether a request for a fresh response renews it. */
function isTimeFor(
  { options }: Room,
  { now, services }: CacheExchange,
  { entry, ttl }: { entry: Entry; ttl: Seconds },
): boolean {
  const { policy, key, originSeconds: cost } = entry;
  const life = seconds(policy.lifetime - policy.initialAge);
  return (
    ttl <= life * lastShare &&
    services.popularity.isHigh(key, now) &&
    isDue({ ttl, life, cost }, options.dice())
  );
}

function renew({ asking, demand }: Room, exchange: CacheExchange, entry: Entry): void {
  // Already under way, or the queue is too long: a later request will try again.
  if (exchange.services.flights.get(entry.key) !== undefined || asking.governor.waiting >= mostRenewals)
    return;
  void asking.governor.submit(renewal(exchange, entry, demand.worthOf(entry)));
}

async function warmOnStart({ warm, options }: Room): Promise<void> {
  const onStart = options.config().warm?.onStart;
  if (onStart === undefined) return;
  const summary = await warm(onStart);
  if (summary !== 'busy') options.log.info({ warm: summary }, 'warmed up');
}

/** Writes the list only if the configuration reads it at the next start; logs a failure once. */
function createSave({ options, demand }: Room): () => Promise<void> {
  const { popularFile, log } = options;
  let isTold = false;
  return async () => {
    const isWanted = (options.config().warm?.onStart?.popular ?? 0) > 0;
    if (popularFile === undefined || !isWanted) return;
    try {
      await writePopular(popularFile, demand.hottest(keptInFile));
    } catch (error) {
      if (!isTold) log.warn({ err: error, file: popularFile }, 'cannot write the list of popular requests');
      isTold = true;
    }
  };
}
