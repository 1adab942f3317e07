/** The composition root: builds everything from a configuration, wires, starts and closes it. No logic. */

import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { Config, ListenAddress } from './config/config.ts';
import { listHere } from './control/entries.ts';
import { listenForControl, openControl } from './control/open-control.ts';
import { createOriginProbe } from './control/origin-probe.ts';
import { purgeHere } from './control/purge.ts';
import { createReload, type ReadConfig, type Reload } from './control/reload.ts';
import { explain } from './explain/explain.ts';
import type { Entrance } from './front/entrance.ts';
import { type LoggedEntrance, openLoggedEntrance } from './front/logged-entrance.ts';
import { type Clock, runAfter, SteadyClock, systemClock } from './kit/time.ts';
import { OriginHealth } from './origin/origin-health.ts';
import { openOrigin } from './origin/origin.ts';
import { openLane } from './lane/open-lane.ts';
import type { Services } from './proxy/exchange/exchange.ts';
import type { Outcome } from './proxy/exchange/outcome.ts';
import { listen as listenOn } from './proxy/listen/listen.ts';
import { createPlain, createPublic, type PublicOptions } from './proxy/listen/open-public.ts';
import type { PublicListener } from './proxy/listen/public-listener.ts';
import { soleLease } from './refresh/lease.ts';
import { openRefresh, type OpenRefresh } from './refresh/open-refresh.ts';
import { fixedServices, openStored, type Stored, storeListeners } from './stored.ts';
import { type RecorderOptions, recordingOrigin } from './survey/recorder.ts';
import { openLiveSite } from './trust/open-live-site.ts';
import { openTrust, type OpenTrust } from './trust/open-trust.ts';
import { Counting } from './watch/count/counting.ts';
import { openArchive } from './watch/report/open-archive.ts';
import { openLog } from './watch/show/log-destination.ts';
import type { Lines } from './watch/show/request-log.ts';
import type { WorkerParts } from './workers/worker-parts.ts';
import { openTraces, type OpenTraces } from './watch/trace/open-traces.ts';
import { openWatch, openWorkerWatch, type OpenWatch } from './watch/open-watch.ts';

export type ServerOptions = Pick<RecorderOptions, 'record'> & {
  readonly config: Config;
  readonly clock?: Clock;
  readonly later?: Services['later'];
  readonly log?: Logger;
  /** Where an access log in combined format goes; absent: to stdout. */
  readonly accessLines?: Lines;
  readonly onOutcome?: (outcome: Outcome) => void;
  /** Absent: there is no file. */
  readonly readConfig?: ReadConfig | undefined;
  /** The file that keeps the popular requests over restarts; absent: none is kept. */
  readonly popularFile?: string | undefined;
  /** The folder for reports and, without Redis, for their hours; absent: no reports, hours in memory only. */
  readonly reportFolder?: string | undefined;
  /** The file that keeps over restarts how far a rollout has got; absent: none is kept. */
  readonly rolloutFile?: string | undefined;
  readonly skipWarmUp?: boolean;
  /** `off`: no control listener, whatever the configuration says. */
  readonly control?: 'off';
  /** What this process shares with others, as one of several workers; absent: it is alone. */
  readonly worker?: WorkerParts | undefined;
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
  readonly counting: Counting;
  readonly stored: Pick<Stored, 'redis' | 'lease' | 'notes'>;
  readonly evidence: Pick<OpenTrust, 'noise' | 'share'>;
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
  readonly counting: Counting;
  readonly watch: OpenWatch;
  readonly trust: OpenTrust;
  readonly tracing: OpenTraces;
  readonly refresh: OpenRefresh;
  readonly stored: Stored;
  readonly entrance: Entrance;
  readonly renewCertificates: RunningServer['renewCertificates'];
};

const entranceOf = (
  { config, worker }: ServerOptions,
  log: Logger,
  { counters }: Counting,
): Promise<LoggedEntrance> =>
  openLoggedEntrance({ ...config.listen, ticketSecret: worker?.ticketSecret }, log, counters);

/** `clock` is steady, whatever was given. */
type Timed = ServerOptions & { readonly clock: Clock };

/** Builds and starts a proxy. Rejects with a `ListenError` if it cannot listen. */
export async function startServer(given: ServerOptions): Promise<RunningServer> {
  const options = { ...given, clock: new SteadyClock(given.clock ?? systemClock) };
  const { config } = options;
  const built = await build(options, options.log ?? openLog(config.log));
  const { services, refresh, replaceConfig, reload, watch, stored, entrance, renewCertificates } = built;
  const site = await createPublic(publicOptions(built));
  const plain = config.listen.redirect && createPlain(publicOptions(built), () => portOf(url));
  const control = options.control === 'off' ? undefined : await createControl(config, built);
  const open = (name: 'listen' | 'redirect', listener: PublicListener) => (address: ListenAddress) =>
    options.worker?.attach(name, listener.adopt()) ?? listener.open(address);
  const close = async (): Promise<void> => {
    entrance.close();
    await Promise.all([site.close(), plain?.close(), control?.close(), refresh.close()]);
    await services.origin.close();
    await built.tracing.close();
    await watch.close();
    await stored.close();
  };
  let url = '';
  try {
    url = await listenOn('listen', config.listen, open('listen', site.listener));
    if (config.listen.tls !== undefined) url = url.replace(/^http:/, 'https:');
    const { redirect } = config.listen;
    const redirectUrl = plain && redirect && (await listenOn('redirect', redirect, open('redirect', plain)));
    const controlUrl = control && (await listenOn('control', config.control, listenForControl(control)));
    void refresh.start({ skipWarmUp: options.skipWarmUp === true });
    return {
      ...{ url, redirectUrl, controlUrl, services, refresh, replaceConfig, reload, close },
      ...{ counting: built.counting, renewCertificates, stored, evidence: built.trust },
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
  const tracing = await openTraces(first.traces, clock, Math.random);
  const stored = await openStored(
    options,
    storeListeners({ log, counting, tracing }, (purge) => {
      refresh.onAppended(purge);
    }),
  );
  const { purgeLog, lease = soleLease } = stored;
  const { site, replaceSite, live } = openLiveSite(first, { ...options, ...stored, log });
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
  const archive = openArchive({ ...stored, folder: options.reportFolder, clock });
  const { governor, background: renewing } = refresh;
  const worker = options.worker?.trust.listen(live);
  const trust = openTrust({ clock, config, counting, log, live, governor, background: renewing, worker });
  const beside = { background: () => governor.stats(), archive, accessLines: options.accessLines };
  const watched = { ...stored, counting, config, clock, health, log, ...beside, ...trust.watched };
  const watch = options.worker === undefined ? openWatch(watched) : openWorkerWatch(watched);
  const listeners = [counting.callListener, refresh.callListener];
  const services: Services = {
    ...fixedServices(options, stored),
    ...{ site, clock, ...trust.beside, traces: tracing.traces, tellsClients: first.log.format !== 'json' },
    origin: recordingOrigin(openOrigin(first.upstream, { clock, health, listeners }), options),
    endings: counting.counters.writes,
    onOutcome: (outcome) => {
      for (const listener of [refresh, watch, trust, tracing]) listener.onOutcome(outcome);
      options.onOutcome?.(outcome);
    },
  };
  const { entrance, renewCertificates } = await entranceOf(options, log, counting);
  const replaceConfig = async (next: Config): Promise<void> => {
    await replaceSite(next);
    log.level = next.log.level;
    await renewCertificates();
  };
  const reload = createReload({ read: options.readConfig, current: config, replace: replaceConfig });
  const rest = { log, counting, watch, trust, tracing, refresh, stored, entrance, renewCertificates };
  return { services, replaceConfig, reload, ...rest };
}

function publicOptions(built: Built): PublicOptions {
  const { services, log, watch, counting, entrance, stored } = built;
  return {
    services,
    entrance,
    lane: openLane(services, {
      peek: (key) => stored.untimed.peek(key),
      onLookup: (duration) => {
        counting.counters.onOperation('get/memory', duration);
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
): Promise<FastifyInstance> | undefined {
  const { clock, site } = services;
  const { answers } = watch;
  if (answers === undefined) return undefined;
  return openControl(control, {
    ...{ clock, log, site, reload, trust, warm: refresh.warm, answers, redis: stored.redis },
    origin: createOriginProbe(upstream, clock),
    purge: purgeHere(services),
    list: listHere(services),
    explain: (question) => explain(services, question),
  });
}

const portOf = (url: string): number => Number(new URL(url).port || 443);
