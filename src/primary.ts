/**
 * The composition root of a proxy with several workers: the process that owns the listening sockets, the control API, the
 * configuration file, the order of purges and the figures. It answers no client itself.
 */

import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { Config } from './config/config.ts';
import { type Controlled, listenForControl, openControl } from './control/open-control.ts';
import { createOriginProbe } from './control/origin-probe.ts';
import { createReload, type ReadConfigResult, type Reload } from './control/reload.ts';
import { type Clock, runAfter, seconds, SteadyClock, systemClock } from './kit/time.ts';
import type { Site } from './proxy/exchange/exchange.ts';
import { compileSite } from './proxy/exchange/site.ts';
import { listen as listenOn } from './proxy/listen/listen.ts';
import type { RedisState } from './store/opened-store.ts';
import { LearnedSessionMap } from './store/learned-sessions.ts';
import type { OpenWatch } from './watch/open-watch.ts';
import { explainByOne, listAll, purgeAll, reloadAll, upkeepOf } from './workers/control-workers.ts';
import { Crew, type CrewOptions, type Worker } from './workers/crew.ts';
import { FillBoard } from './workers/fill-board.ts';
import type { Gathered } from './workers/gathered.ts';
import { HandOut } from './workers/hand-out.ts';
import { openFigures, watchWorkers } from './workers/open-figures.ts';
import { PublicListeners } from './workers/public-listeners.ts';
import { PurgeOrder } from './workers/purge-order.ts';
import { Recorder } from './workers/recorder.ts';
import { shareTickets, type SharedTickets } from './workers/shared-tickets.ts';
import { createSwitchboard } from './workers/switchboard.ts';
import { createWarmAll } from './workers/warm-all.ts';

/** A configuration as it was read, with its text, from which each worker makes its own. */
export type ReadText = ReadConfigResult & { readonly text?: string };

export type PrimaryOptions = {
  readonly config: Config;
  readonly text: string;
  readonly workers: number;
  readonly fork: () => ChildProcess;
  readonly log: Logger;
  /** Absent: there is no file. */
  readonly readConfig: (() => Promise<ReadText>) | undefined;
  readonly reportFolder: string | undefined;
  /** The file that keeps over restarts how far a rollout has got; absent: none is kept. */
  readonly rolloutFile: string | undefined;
};

export type RunningPrimary = {
  readonly url: string;
  readonly redirectUrl: string | undefined;
  readonly controlUrl: string;
  readonly reload: Reload;
  readonly renewCertificates: () => Promise<void>;
  readonly close: () => Promise<void>;
};

type Text = { readonly first: string; inForce: string };

type Built = {
  readonly options: PrimaryOptions;
  readonly clock: Clock;
  readonly crew: Crew;
  readonly watch: OpenWatch;
  readonly control: FastifyInstance;
  readonly reload: Reload;
  readonly listeners: PublicListeners;
  readonly stop: () => void;
};

/** Starts the primary and its workers. Rejects with a `ListenError` if it cannot listen. */
export async function startPrimary(options: PrimaryOptions): Promise<RunningPrimary> {
  const built = await build(options);
  const { config } = options;
  const { crew, control, watch, listeners, reload } = built;
  const { opener } = listeners;
  const close = async (): Promise<void> => {
    await listeners.close();
    await Promise.all([crew.stop(), control.close()]);
    built.stop();
    await watch.close();
  };
  try {
    const { redirect, tls } = config.listen;
    const plainUrl = await listenOn('listen', config.listen, opener('listen'));
    const url = tls === undefined ? plainUrl : plainUrl.replace(/^http:/, 'https:');
    const redirectUrl = redirect && (await listenOn('redirect', redirect, opener('redirect')));
    const controlUrl = await listenOn('control', config.control, listenForControl(control));
    await crew.start();
    const renewCertificates = async (): Promise<void> => {
      await Promise.all(crew.ready.map(({ link }) => link.ask('renew', undefined)));
    };
    return { url, redirectUrl, controlUrl, reload, renewCertificates, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function build(options: PrimaryOptions): Promise<Built> {
  const { log, text: first } = options;
  const clock = new SteadyClock(systemClock);
  const text: Text = { first, inForce: first };
  const hasRedis = options.config.store.redis !== undefined;
  const recorder = new Recorder(() => crew.ready);
  const order = new PurgeOrder(hasRedis ? (placed) => recorder.record(placed) : undefined);
  const handOut = new HandOut<Socket>((socket) => socket.destroy());
  const listeners = new PublicListeners(handOut);
  const fills = fillsOf(clock, () => crew);
  const ready = (): readonly Worker[] => crew.ready;
  let { config } = options;
  const known = { clock, config: () => config, log, order, ready, hasRedis };
  const { rolloutFile, workers, reportFolder } = options;
  const figures = openFigures({ ...known, rolloutFile });
  const { gathered, trust, reports, onAppended } = figures;
  const { warm, onProgress } = createWarmAll(ready);
  const tickets = shareTickets(ready);
  const heard = { ...heardBy({ recorder, tickets, gathered }), onAppended, onWarming: onProgress };
  const switchboard = createSwitchboard({ order, handOut, fills, trust, log, ...heard });
  const crew: Crew = crewOf(options, { clock, text, listeners, switchboard });
  const shared = hasRedis ? upkeepOf(ready, order.id) : undefined;
  const replaced = (): number => crew.replaced;
  const watch = watchWorkers(figures, { ...known, workers, reportFolder, shared, replaced });
  const replace = async (next: Config, read: string): Promise<void> => {
    config = next;
    text.inForce = read;
    await reloadAll(crew.ready, read, log);
    await figures.onReload();
  };
  const reload = reloadOf(options, { current: () => config, replace });
  const purge = purgeAll({ workers: ready, order, onAppended, hasRedis });
  const site = siteOf(() => config);
  const redis = (): RedisState => gathered.redis();
  const control = await controlOf({
    ...{ options, clock, crew, watch, reload, warm, purge, site, redis, trust: reports },
  });
  const stop = beat(handOut, gathered, tickets);
  return { options, clock, crew, watch, control, reload, listeners, stop };
}

type Hearing = {
  readonly recorder: Recorder;
  readonly tickets: SharedTickets;
  readonly gathered: Gathered;
};

const heardBy = ({ recorder, tickets, gathered }: Hearing) => ({
  onGone: ({ name }: Worker): void => {
    gathered.forget(name);
  },
  onReady: (worker: Worker): void => {
    recorder.onReady();
    tickets.onReady(worker);
    void gathered.gather();
  },
});

type Calling = Pick<Built, 'clock' | 'listeners'> & {
  readonly text: Text;
  readonly switchboard: Listeners;
};

function crewOf(
  { workers, log, fork }: PrimaryOptions,
  { clock, text, listeners, switchboard }: Calling,
): Crew {
  return new Crew({
    ...{ count: workers, clock, log, fork },
    ...keepingRules(
      switchboard,
      ({ number: worker, name }) => {
        const { addresses } = listeners;
        return { kind: 'begin', worker, workers, name, text: { ...text }, addresses };
      },
      () => text.inForce,
    ),
  });
}

function beat(handOut: HandOut<Socket>, gathered: Gathered, tickets: SharedTickets): () => void {
  const timers = [
    setInterval(() => {
      handOut.tick();
    }, 1000),
    // What `/readyz` says of Redis is to be true within two seconds.
    setInterval(() => void gathered.gather(), 500),
  ];
  return () => {
    for (const timer of timers) clearInterval(timer);
    tickets.close();
  };
}

/** A worker that is gone has nothing. */
const fillsOf = (clock: Clock, crew: () => Crew): FillBoard =>
  new FillBoard({
    clock,
    give: (name, sought) => {
      const holder = crew().ready.find((worker) => worker.name === name);
      return holder === undefined ? Promise.resolve(undefined) : holder.link.ask('give', sought);
    },
    later: (delayMs, action) => runAfter(seconds(delayMs / 1000), action),
  });

type Controlling = Pick<Controlled, 'reload' | 'warm' | 'purge' | 'site' | 'clock' | 'redis' | 'trust'> & {
  readonly options: PrimaryOptions;
  readonly crew: Crew;
  readonly watch: OpenWatch;
};

function controlOf({ options, crew, watch, ...rest }: Controlling): Promise<FastifyInstance> {
  const { config, log, workers: known } = options;
  const { answers } = watch;
  if (answers === undefined) throw new Error('the primary has no answers');
  const ready = (): readonly Worker[] => crew.ready;
  return openControl(config.control, {
    ...{ ...rest, log, answers },
    origin: createOriginProbe(config.upstream, rest.clock),
    workers: () => ({ known, ready: crew.ready.length }),
    list: listAll(ready, config.store.redis !== undefined),
    explain: explainByOne(ready),
  });
}

type Listeners = ReturnType<typeof createSwitchboard>;

/** A worker that was started with other rules than those in force when it is ready is given these. */
function keepingRules(
  listeners: Listeners,
  begin: CrewOptions['begin'],
  inForce: () => string,
): Listeners & Pick<CrewOptions, 'begin'> {
  const begunWith = new WeakMap<Worker, string>();
  return {
    ...listeners,
    begin: (worker) => {
      begunWith.set(worker, inForce());
      return begin(worker);
    },
    onReady: (worker) => {
      listeners.onReady(worker);
      if (begunWith.get(worker) !== inForce()) void worker.link.ask('reload', inForce());
    },
  };
}

type Replacing = {
  readonly current: () => Config;
  readonly replace: (config: Config, text: string) => Promise<void>;
};

function reloadOf({ readConfig }: PrimaryOptions, { current, replace }: Replacing): Reload {
  let text = '';
  const read =
    readConfig &&
    (async (): Promise<ReadConfigResult> => {
      const result = await readConfig();
      text = result.text ?? '';
      return result;
    });
  return createReload({ read, current, replace: (config) => replace(config, text) });
}

/** For the reading of URLs that operators write. */
function siteOf(config: () => Config): () => Site {
  let compiled: Site | undefined;
  return () => {
    if (compiled?.config !== config())
      compiled = compileSite(config(), { learned: new LearnedSessionMap(), verifyJwt: undefined });
    return compiled;
  };
}
