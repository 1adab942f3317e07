/** The composition root: builds everything from a configuration, wires, starts and closes it. No logic. */

import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { Address, Config } from './config/config.ts';
import { createControlServer } from './control/api.ts';
import { dashboardRoutes } from './control/dashboard.ts';
import { entriesRoutes } from './control/entries.ts';
import { explainRoutes } from './control/explain.ts';
import { healthRoutes } from './control/health.ts';
import { createOriginProbe } from './control/origin-probe.ts';
import { createCarryOut } from './control/purge.ts';
import { purgeRoutes } from './control/purge-routes.ts';
import { trustRoutes } from './control/trust-routes.ts';
import { warmRoutes } from './control/warm-routes.ts';
import { watchRoutes } from './control/watch-routes.ts';
import { createReload, type ReadConfig, type Reload, reloadRoutes } from './control/reload.ts';
import type { Entrance } from './front/entrance.ts';
import { openLoggedEntrance } from './front/logged-entrance.ts';
import { BoundedMap } from './kit/bounded-map.ts';
import { SingleFlight } from './kit/single-flight.ts';
import { type Clock, type EpochMs, runAfter, SteadyClock, systemClock } from './kit/time.ts';
import { OriginHealth } from './origin/origin-health.ts';
import { openOrigin } from './origin/origin.ts';
import { createPopularity } from './policy/lifetime/popularity.ts';
import { openBodies } from './proxy/fetch/open-bodies.ts';
import { openLane } from './lane/open-lane.ts';
import type { Services } from './proxy/exchange/exchange.ts';
import { createLearnSession } from './proxy/pass/learn-session.ts';
import type { Outcome } from './proxy/exchange/outcome.ts';
import { listen as listenOn } from './proxy/listen/listen.ts';
import { createPlain, createPublic, type PublicOptions } from './proxy/listen/open-public.ts';
import { openSite } from './proxy/open-site.ts';
import { soleLease } from './refresh/lease.ts';
import { openRefresh, type OpenRefresh } from './refresh/open-refresh.ts';
import { openStore } from './store/open-store.ts';
import type { OpenStore } from './store/opened-store.ts';
import { ownerOf } from './store/redis/owner.ts';
import type { OnAppended } from './store/purge-log.ts';
import type { Store } from './store/store.ts';
import { TimedStore } from './store/timed-store.ts';
import { openTrust, type OpenTrust } from './trust/open-trust.ts';
import { Counting } from './watch/count/counting.ts';
import { openArchive } from './watch/report/open-archive.ts';
import { openLog } from './watch/show/log-destination.ts';
import { openWatch, type OpenWatch } from './watch/open-watch.ts';

export type ServerOptions = {
  readonly config: Config;
  readonly clock?: Clock;
  readonly later?: Services['later'];
  readonly log?: Logger;
  readonly onOutcome?: (outcome: Outcome) => void;
  /** Absent: there is no file. */
  readonly readConfig?: ReadConfig | undefined;
  /** The file that keeps the popular requests over restarts; absent: none is kept. */
  readonly popularFile?: string | undefined;
  /** The folder for reports and, without Redis, for their hours; absent: no reports, hours in memory only. */
  readonly reportFolder?: string | undefined;
  readonly skipWarmUp?: boolean;
  /** `off`: no control listener, whatever the configuration says. */
  readonly control?: 'off';
};

export type RunningServer = {
  /** Where clients connect: `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Where plain HTTP is redirected; `undefined` if nowhere. */
  readonly redirectUrl: string | undefined;
  /** Where operators connect; `undefined` if switched off. */
  readonly controlUrl: string | undefined;
  readonly services: Services;
  readonly refresh: OpenRefresh;
  readonly replaceConfig: (config: Config) => Promise<void>;
  /** Reads the configuration file again; an invalid one changes nothing. */
  readonly reload: Reload;
  /** Reads the certificates again; those that cannot be used change nothing. */
  readonly renewCertificates: () => Promise<void>;
  /** Stops: accepts no new connections and finishes everything in flight. */
  readonly close: () => Promise<void>;
};

type Built = {
  readonly services: Services;
  readonly replaceConfig: RunningServer['replaceConfig'];
  readonly reload: Reload;
  readonly log: Logger;
  readonly watch: OpenWatch;
  readonly trust: OpenTrust;
  readonly refresh: OpenRefresh;
  readonly stored: Stored;
  readonly entrance: Entrance;
  readonly renewCertificates: RunningServer['renewCertificates'];
};

/** `clock` is steady, whatever was given. */
type Timed = ServerOptions & { readonly clock: Clock };

/** Builds and starts a proxy. Rejects with a `ListenError` if it cannot listen. */
export async function startServer(given: ServerOptions): Promise<RunningServer> {
  const options = { ...given, clock: new SteadyClock(given.clock ?? systemClock) };
  const { config } = options;
  const built = await build(options, options.log ?? openLog(config.log.level));
  const { services, refresh, replaceConfig, reload, watch, stored, entrance, renewCertificates } = built;
  const site = await createPublic(publicOptions(built));
  const plain = config.listen.redirect && createPlain(publicOptions(built), () => portOf(url));
  const control = options.control === 'off' ? undefined : await createControl(config, built);
  const close = async (): Promise<void> => {
    entrance.close();
    await Promise.all([site.close(), plain?.close(), control?.close(), refresh.close()]);
    await services.origin.close();
    await watch.close();
    await stored.close();
  };
  let url = '';
  try {
    url = await listenOn('listen', config.listen, (address) => site.listener.listen(address));
    if (config.listen.tls !== undefined) url = url.replace(/^http:/, 'https:');
    const { redirect } = config.listen;
    const redirectUrl =
      plain && redirect && (await listenOn('redirect', redirect, (address) => plain.listen(address)));
    const controlUrl = control && (await listenOn('control', config.control, openControl(control)));
    void refresh.start({ skipWarmUp: options.skipWarmUp === true });
    return {
      ...{ url, redirectUrl, controlUrl, services, refresh, replaceConfig, reload, close },
      renewCertificates,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Builds each service once. Only background fetching needs services that are built after it, and asks for them later. */
async function build(options: Timed, log: Logger): Promise<Built> {
  const { config: first, clock } = options;
  const counting = new Counting(clock);
  const stored = await openStored(options, {
    log,
    counting,
    onAppended: (purge, receipt) => {
      counting.onAppended(purge, receipt);
      refresh.onAppended(purge);
    },
  });
  const { purgeLog, lease = soleLease } = stored;
  const { site, replaceSite } = openSite(first, { ...stored, clock });
  const config = (): Config => site().config;
  const health = new OriginHealth((change) => {
    log[change.breaker === 'open' ? 'warn' : 'info'](change, 'origin');
  });
  const refresh = openRefresh({
    ...{ services: () => services, config, purgeLog, health, clock, log, lease },
    dice: Math.random,
    later: runAfter,
    popularFile: options.popularFile,
  });
  const background = () => refresh.governor.stats();
  const archive = openArchive({ ...stored, folder: options.reportFolder, clock });
  const watch = openWatch({ ...stored, counting, config, clock, health, log, background, archive });
  const trust = openTrust({ clock, config, governor: refresh.governor });
  const listeners = [counting.callListener, refresh.callListener];
  const services: Services = {
    ...fixedServices(options, stored),
    ...{ site, clock, background: refresh.background, shadow: trust.shadow },
    origin: openOrigin(first.upstream, { clock, health, listeners }),
    endings: counting.counters.writes,
    onOutcome: (outcome) => {
      refresh.onOutcome(outcome);
      watch.onOutcome(outcome);
      trust.onOutcome(outcome);
      options.onOutcome?.(outcome);
    },
  };
  const { entrance, renewCertificates } = await openLoggedEntrance(first.listen, log, counting.counters);
  const replaceConfig = async (next: Config): Promise<void> => {
    await replaceSite(next);
    log.level = next.log.level;
    await renewCertificates();
  };
  const reload = createReload({ read: options.readConfig, current: config, replace: replaceConfig });
  return { services, replaceConfig, reload, log, watch, trust, refresh, stored, entrance, renewCertificates };
}

type Stored = OpenStore & Pick<Services, 'evicted' | 'flights'> & { readonly untimed: Store };

type StoreListeners = {
  readonly log: Logger;
  readonly counting: Counting;
  readonly onAppended: OnAppended;
};

async function openStored(
  { config, clock }: Timed,
  { log, counting, onAppended }: StoreListeners,
): Promise<Stored> {
  const evicted = new BoundedMap<string, true>(20_000);
  const flights: Services['flights'] = new SingleFlight({ maxFlights: 10_000, maxWaiters: 10_000 });
  const opened = await openStore({
    config: config.store,
    owner: ownerOf(config),
    janitor: config.janitor,
    clock,
    isFetching: (key) => flights.get(key) !== undefined,
    onEvict: ({ key }) => {
      evicted.set(key, true);
    },
    onAppended,
    onSlowWrite: counting.onSlowWrite,
    onEvent: (event) => {
      log.warn(event, 'redis');
    },
    onTidied: (round) => {
      log[round.isOverMax ? 'warn' : 'info'](round, 'janitor');
    },
  });
  const store = new TimedStore(opened.store, clock, counting.counters);
  return { ...opened, store, untimed: opened.store, evicted, flights };
}

function fixedServices(
  { config, later }: ServerOptions,
  { store, purgeLog, evicted, flights, learned }: Stored,
) {
  return {
    store,
    purgeLog,
    evicted,
    flights,
    uncacheable: new BoundedMap<string, EpochMs>(20_000),
    popularity: createPopularity(config.ttl.popular),
    ...openBodies(store, later),
    learnSession: createLearnSession((digest, keptFor) => {
      learned.trust(digest, keptFor);
    }),
  };
}

function publicOptions(built: Built): PublicOptions {
  const { services, log, watch, entrance, stored } = built;
  return {
    services,
    entrance,
    lane: openLane(services, {
      peek: (key) => stored.untimed.peek(key),
      onLookup: (duration) => {
        watch.watch.counters.onOperation('get/memory', duration);
      },
    }),
    onRefused: ({ detail }) => {
      watch.onRefused();
      log.debug({ outcome: 'refused', refusal: detail }, 'request');
    },
    onError: (error) => {
      log.error({ err: error }, 'unexpected error in the proxy');
    },
  };
}

function createControl(
  { control, upstream }: Config,
  { services, reload, log, watch, trust, stored, refresh }: Built,
): Promise<FastifyInstance> {
  const { clock } = services;
  const origin = createOriginProbe(upstream, clock);
  return createControlServer({
    control,
    clock,
    log,
    routes: [
      healthRoutes({ origin, redis: stored.redis }),
      ...purgeRoutes(createCarryOut(services, log)),
      entriesRoutes(services),
      explainRoutes(services),
      reloadRoutes(reload, log),
      warmRoutes(refresh.warm, log),
      watchRoutes(watch.answers),
      trustRoutes(trust),
      dashboardRoutes(),
    ],
  });
}

const openControl =
  (app: FastifyInstance) =>
  async ({ host, port }: Address): Promise<AddressInfo> => {
    await app.listen({ host, port });
    return app.server.address() as AddressInfo;
  };

const portOf = (url: string): number => Number(new URL(url).port || 443);
