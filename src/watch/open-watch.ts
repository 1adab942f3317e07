/**
 * Builds everything of this room once and wires it to the proxy's parts: counters, log lines, alerts, the report.
 */

import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { ProxyParts } from '../proxy/exchange/exchange.ts';
import type { Outcome } from '../proxy/exchange/outcome.ts';
import type { RedisState } from '../store/opened-store.ts';
import { type Answers, createAnswers } from './show/answers.ts';
import { AlertBoard } from './alerts/alert-board.ts';
import type { HourArchive } from './report/hour-archive.ts';
import { ReportDesk } from './report/report-desk.ts';
import { createRequestLog } from './show/request-log.ts';
import { type BackgroundFacts, Watch } from './count/watch.ts';
import { createWebhook } from './alerts/webhook.ts';

export type OpenWatchOptions = {
  readonly log: Logger;
  readonly redis: () => RedisState;
  readonly background?: BackgroundFacts;
  /** Where the report's hours are kept; absent: in memory only. */
  readonly archive?: HourArchive | undefined;
  /** Told of every outcome as well. */
  readonly onOutcome?: ((outcome: Outcome) => void) | undefined;
};

/** A proxy's parts, watched; `close` stops watching. */
export type OpenWatch<Parts extends ProxyParts = ProxyParts> = {
  /** The parts given, whose `onOutcome` counts. */
  readonly parts: Parts;
  readonly watch: Watch;
  readonly answers: Answers;
  readonly onRefused: () => void;
  readonly close: () => Promise<void>;
};

/** Begins to watch. */
export function openWatch<Parts extends ProxyParts>(
  parts: Parts,
  { log, redis, background, archive, onOutcome }: OpenWatchOptions,
): OpenWatch<Parts> {
  const { clock, store, purgeLog, origin } = parts;
  const watch = new Watch({
    config: () => parts.site().config,
    clock,
    store,
    purgeLog,
    origin,
    redis,
    background,
  });
  const logRequest = createRequestLog(log, (entry) => watch.counters.tierOf(entry));
  const tell = (outcome: Outcome): void => {
    logRequest(outcome);
    watch.onOutcome(outcome);
    onOutcome?.(outcome);
  };
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
    parts: { ...parts, onOutcome: tell },
    watch,
    answers: createAnswers({ watch, registry: loadRegistry, board, desk }),
    onRefused: watch.counters.onRefused,
    close: async () => {
      stop();
      await desk.close();
    },
  };
}
