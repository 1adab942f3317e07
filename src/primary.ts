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
import type { OpenStore, RedisState } from './store/opened-store.ts';
import { LocalPurgeLog } from './store/purge-log.ts';
import { LearnedSessionMap } from './store/learned-sessions.ts';
import { LiveRollout } from './trust/live-rollout.ts';
import { openTrust, type OpenTrust } from './trust/open-trust.ts';
import { Counting } from './watch/count/counting.ts';
import { openWatch, type OpenWatch } from './watch/open-watch.ts';
import { openArchive } from './watch/report/open-archive.ts';
import { explainByOne, listAll, purgeAll, reloadAll, upkeepOf } from './workers/control-workers.ts';
import { Crew, type CrewOptions, type Worker } from './workers/crew.ts';
import { FillBoard } from './workers/fill-board.ts';
import { Gathered } from './workers/gathered.ts';
import { HandOut } from './workers/hand-out.ts';
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
  const { log, text: first, workers: count } = options;
  const clock = new SteadyClock(systemClock);
  const text: Text = { first, inForce: first };
  const hasRedis = options.config.store.redis !== undefined;
  const recorder = new Recorder(() => crew.ready);
  const order = new PurgeOrder(hasRedis ? (placed) => recorder.record(placed) : undefined);
  const handOut = new HandOut<Socket>((socket) => socket.destroy());
  const listeners = new PublicListeners(handOut);
  const fills = fillsOf(clock, () => crew);
  const counting = new Counting(clock);
  const ready = (): readonly Worker[] => crew.ready;
  const gathered = new Gathered({ counters: counting.counters, workers: ready, hasRedis });
  const { warm, onProgress } = createWarmAll(ready);
  const { onAppended } = counting;
  const tickets = shareTickets(ready);
  const heard = { ...heardBy({ recorder, tickets, gathered }), onAppended, onWarming: onProgress };
  const crew: Crew = new Crew({
    ...{ count, clock, log, fork: options.fork },
    ...keepingRules(
      createSwitchboard({ order, handOut, fills, log, ...heard }),
      ({ number: worker, name }) => {
        const { addresses } = listeners;
        return { kind: 'begin', worker, workers: count, name, text: { ...text }, addresses };
      },
      () => text.inForce,
    ),
  });
  let { config } = options;
  const shared = hasRedis ? upkeepOf(ready, order.id) : undefined;
  const watch = watchWorkers({ options, config: () => config, clock, counting, gathered, crew, shared });
  const replace = (next: Config, read: string): Promise<void> => {
    config = next;
    text.inForce = read;
    return reloadAll(crew.ready, read, log);
  };
  const reload = reloadOf(options, { current: () => config, replace });
  const purge = purgeAll({ workers: ready, order, onAppended, hasRedis });
  const site = siteOf(() => config);
  const redis = (): RedisState => gathered.redis();
  const control = await controlOf({ ...{ options, clock, crew, watch, reload, warm, purge, site, redis } });
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
    give: (name, key) => {
      const holder = crew().ready.find((worker) => worker.name === name);
      return holder === undefined ? Promise.resolve(undefined) : holder.link.ask('give', key);
    },
    later: (delayMs, action) => runAfter(seconds(delayMs / 1000), action),
  });

type Controlling = Pick<Controlled, 'reload' | 'warm' | 'purge' | 'site' | 'clock' | 'redis'> & {
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
    ...{ ...rest, log, answers, trust: nothingInShadow(options, rest.clock) },
    origin: createOriginProbe(config.upstream, rest.clock),
    workers: () => ({ known, ready: crew.ready.length }),
    list: listAll(ready, config.store.redis !== undefined),
    explain: explainByOne(ready),
  });
}

/** Shadow mode, rollouts and the audit are refused with several workers. */
const nothingInShadow = ({ config, log }: PrimaryOptions, clock: Clock): OpenTrust =>
  openTrust({
    clock,
    config: () => config,
    log,
    counting: new Counting(clock),
    live: new LiveRollout({ clock, log, onChange: () => undefined }),
    governor: { submit: () => Promise.resolve({ kind: 'dropped' }) },
  });

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

type Watched = {
  readonly options: PrimaryOptions;
  readonly config: () => Config;
  readonly clock: Clock;
  readonly counting: Counting;
  readonly gathered: Gathered;
  readonly crew: Crew;
  readonly shared: Pick<OpenStore, 'notes' | 'lease'> | undefined;
};

function watchWorkers({ options, config, clock, counting, gathered, crew, shared }: Watched): OpenWatch {
  const { log, reportFolder: folder } = options;
  return openWatch({
    ...{ config, clock, counting, log, redis: () => gathered.redis(), health: gathered },
    store: { size: () => gathered.size(), entries: () => [], subjects: () => [] },
    purgeLog: new LocalPurgeLog('primary'),
    others: { count: options.workers, residentBytes: () => gathered.residentBytes() },
    background: () => gathered.background(),
    archive: openArchive({ ...shared, folder, clock }),
    workers: {
      gather: () => gathered.gather(),
      splits: () => gathered.splits(),
      runtimes: () => gathered.runtimes(),
      states: () => ({ known: options.workers, ready: crew.ready.length, replaced: crew.replaced }),
    },
  });
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
