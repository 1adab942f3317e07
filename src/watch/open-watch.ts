/** Builds everything of this room once, around the counters: log lines, alerts, the report. */

import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Outcome } from '../proxy/exchange/outcome.ts';
import { type Answers, createAnswers } from './show/answers.ts';
import { AlertBoard } from './alerts/alert-board.ts';
import type { HourArchive } from './report/hour-archive.ts';
import { ReportDesk } from './report/report-desk.ts';
import { createRequestLog } from './show/request-log.ts';
import { Watch, type WatchOptions } from './count/watch.ts';
import { createWebhook } from './alerts/webhook.ts';

export type OpenWatchOptions = Omit<WatchOptions, 'background'> & {
  readonly log: Logger;
  readonly background?: WatchOptions['background'];
  /** Where the report's hours are kept; absent: in memory only. */
  readonly archive?: HourArchive | undefined;
};

export type OpenWatch = {
  readonly watch: Watch;
  readonly answers: Answers;
  readonly onOutcome: (outcome: Outcome) => void;
  readonly onRefused: () => void;
  readonly close: () => Promise<void>;
};

/** Starts watching. */
export function openWatch(options: OpenWatchOptions): OpenWatch {
  const { log, archive } = options;
  const watch = new Watch(options);
  const logRequest = createRequestLog(log, (entry) => watch.counters.tierOf(entry));
  const send = createWebhook(log);
  const board = new AlertBoard(watch, { log, send });
  const desk = new ReportDesk({ watch, archive, log, send });
  // Loaded at the first scrape: Prometheus's client takes a tenth of the memory allowed.
  let registry: Promise<Registry> | undefined;
  const loadRegistry = (): Promise<Registry> =>
    (registry ??= import('./show/metrics.ts').then(({ createRegistry }) =>
      createRegistry(watch, () => board.states()),
    ));
  watch.onTick((point) => {
    board.judge(point);
    desk.tick(point);
  });
  const stop = watch.start();
  return {
    watch,
    answers: createAnswers({ watch, registry: loadRegistry, board, desk }),
    onOutcome: (outcome) => {
      // First the log: counting makes an entry from Redis one in memory.
      logRequest(outcome);
      watch.onOutcome(outcome);
    },
    onRefused: watch.counters.onRefused,
    close: async () => {
      stop();
      await desk.close();
    },
  };
}
