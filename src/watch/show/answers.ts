/** Builds the control API's answers about metrics, misses, reports and alerts. */

import type { Registry } from 'prom-client';
import { seconds } from '../../kit/time.ts';
import type { AlertBoard } from '../alerts/alert-board.ts';
import type { Period } from '../report/report.ts';
import type { ReportDesk, ReportFormat } from '../report/report-desk.ts';
import { findSplits, type Splits } from '../count/splits.ts';
import { hotKeys, seriesOf, summaryOf } from './summary.ts';
import type { Watch } from '../count/watch.ts';

/** The number of URLs in an answer. */
const listed = { misses: 50, dashboard: 15 };

export type AnswersOptions = {
  readonly watch: Watch;
  readonly registry: () => Promise<Registry>;
  readonly board: AlertBoard;
  readonly desk: ReportDesk;
};

/** All but `metrics` and `report` are sent as JSON. */
export type Answers = {
  readonly metrics: () => Promise<{ readonly text: string; readonly contentType: string }>;
  readonly summary: () => object;
  readonly misses: () => object;
  readonly hot: () => object;
  readonly alerts: () => object;
  /** Everything the dashboard shows, with charts over `spanSeconds`. */
  readonly overview: (spanSeconds: number) => object;
  readonly report: (period: Period, format: ReportFormat) => Promise<string>;
};

/** Creates the functions that answer. */
export function createAnswers({ watch, registry, board, desk }: AnswersOptions): Answers {
  const { ledger, writes } = watch.counters;
  return {
    metrics: async () => {
      const loaded = await registry();
      return { text: await loaded.metrics(), contentType: loaded.contentType };
    },
    summary: () => summaryOf(watch),
    misses: () => {
      watch.lookForEnded();
      return { ...ledger.report(listed.misses), writes: writes.lastHour(), splits: splitsOf(watch) };
    },
    hot: () => ({ keys: hotKeys(watch, listed.misses) }),
    alerts: () => board.list(),
    report: (period, format) => desk.render(period, format),
    overview: (spanSeconds) => ({
      metrics: summaryOf(watch),
      series: seriesOf(watch, seconds(spanSeconds)),
      misses: ledger.report(listed.dashboard),
      writes: writes.lastHour().slice(0, listed.dashboard),
      hot: hotKeys(watch, listed.dashboard),
      purges: watch.purges.list(),
      alerts: board.list(),
    }),
  };
}

function splitsOf({ options }: Watch): Splits {
  const { contentTypes } = options.config();
  const variesOf = (name: string): readonly string[] => {
    const vary = contentTypes.get(name)?.vary;
    return vary === undefined ? [] : [...vary.cookies.map((cookie) => `cookie ${cookie}`), ...vary.headers];
  };
  return findSplits(options.store.entries(), variesOf);
}
