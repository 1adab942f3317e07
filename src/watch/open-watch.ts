/** Builds everything of this room once, around the counters: log lines, alerts, the report. */

import type { Logger } from 'pino';
import { wallTime } from '../kit/time.ts';
import type { Outcome } from '../proxy/exchange/outcome.ts';
import { type Answers, createAnswers } from './show/answers.ts';
import { EndedSweep } from './count/ended-sweep.ts';
import type { Splits } from './count/splits.ts';
import type { RuntimeMetrics, WorkerStates } from './show/runtime-metrics.ts';
import { AlertBoard } from './alerts/alert-board.ts';
import type { HourArchive } from './report/hour-archive.ts';
import { ReportDesk } from './report/report-desk.ts';
import { createRequestLog, type Lines } from './show/request-log.ts';
import { Watch, type WatchOptions } from './count/watch.ts';
import { createWebhook } from './alerts/webhook.ts';

export type OpenWatchOptions = Omit<WatchOptions, 'background'> & {
  readonly log: Logger;
  /** Where an access log in combined format goes; absent: to stdout. */
  readonly accessLines?: Lines | undefined;
  readonly background?: WatchOptions['background'];
  /** Those whose figures are gathered here; absent: this process serves by itself. */
  readonly workers?: WatchedWorkers | undefined;
  /** Where the report's hours are kept; absent: in memory only. */
  readonly archive?: HourArchive | undefined;
};

export type WatchedWorkers = {
  /** Counts what they have counted so far. */
  readonly gather: () => Promise<void>;
  readonly splits: () => Promise<Splits>;
  readonly runtimes: () => Promise<readonly RuntimeMetrics[]>;
  readonly states: () => WorkerStates;
};

export type OpenWatch = {
  /** Absent at a worker, whose figures are part of the whole's. */
  readonly answers: Answers | undefined;
  readonly onOutcome: (outcome: Outcome) => void;
  readonly onRefused: () => void;
  readonly close: () => Promise<void>;
};

/** Logs requests and counts them, for another process to gather. */
export function openWorkerWatch(options: Omit<OpenWatchOptions, 'archive' | 'workers'>): OpenWatch {
  const { counting } = options;
  const sweep = new EndedSweep({ ...options, ledger: counting.counters.writes });
  const timer = setInterval(() => {
    sweep.step();
  }, 1000);
  timer.unref();
  return {
    ...listenersOf(options),
    answers: undefined,
    close: () => {
      clearInterval(timer);
      return Promise.resolve();
    },
  };
}

function listenersOf({
  log,
  accessLines,
  counting: { counters },
  config,
  clock,
}: OpenWatchOptions): Pick<OpenWatch, 'onOutcome' | 'onRefused'> {
  const logRequest = createRequestLog({
    log,
    settings: config().log,
    lines: accessLines,
    tierOf: (entry) => counters.tierOf(entry),
    trustedProxies: config().listen.trustedProxies,
    wallNow: () => wallTime(clock, clock.now()),
  });
  return {
    onOutcome: (outcome) => {
      // First the log: counting makes an entry from Redis one in memory.
      logRequest(outcome);
      counters.onOutcome(outcome);
    },
    onRefused: counters.onRefused,
  };
}

/** Starts watching. */
export function openWatch(options: OpenWatchOptions): OpenWatch {
  const { log, archive, workers } = options;
  const watch = new Watch(options);
  const send = createWebhook(log);
  const board = new AlertBoard(watch, { log, send });
  const desk = new ReportDesk({ watch, archive, log, send });
  const metrics = createMetrics(watch, { board, workers });
  watch.onTick((point) => {
    board.judge(point);
    desk.tick(point);
  });
  const stop = watch.start();
  return {
    answers: createAnswers({ ...{ watch, metrics, board, desk }, ...workers }),
    ...listenersOf(options),
    close: async () => {
      stop();
      await desk.close();
    },
  };
}

type Metrics = { readonly text: string; readonly contentType: string };

/** Loads Prometheus's client at the first scrape: it takes a tenth of the memory allowed. */
function createMetrics(
  watch: Watch,
  { board, workers }: { readonly board: AlertBoard; readonly workers: WatchedWorkers | undefined },
): () => Promise<Metrics> {
  const load = async (): Promise<() => Promise<Metrics>> => {
    const { createRegistry } = await import('./show/metrics.ts');
    const { addWorkerMetrics, createRuntimeRegistry, sumRuntimes } =
      await import('./show/runtime-metrics.ts');
    const runtime = createRuntimeRegistry();
    const alerts = () => board.states();
    const registry = createRegistry(watch, {
      alerts,
      ...(workers === undefined ? { registry: runtime } : {}),
    });
    if (workers !== undefined) addWorkerMetrics(registry, workers.states);
    return async () => {
      const text = await registry.metrics();
      const { contentType } = registry;
      if (workers === undefined) return { text, contentType };
      return { text: (await sumRuntimes(runtime, await workers.runtimes())) + text, contentType };
    };
  };
  let loaded: ReturnType<typeof load> | undefined;
  return async () => (await (loaded ??= load()))();
}
