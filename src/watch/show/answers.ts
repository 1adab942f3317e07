/** Builds the control API's answers about metrics, misses, reports and alerts. */

import type { Config } from '../../config/config.ts';
import { type EpochMs, seconds } from '../../kit/time.ts';
import type { Store } from '../../store/store.ts';
import type { AlertBoard } from '../alerts/alert-board.ts';
import type { Period } from '../report/report.ts';
import type { ReportDesk, ReportFormat } from '../report/report-desk.ts';
import { findSplits, type Splits } from '../count/splits.ts';
import { hourSeries } from './hour-series.ts';
import { hotKeys, seriesOf, summaryOf } from './summary.ts';
import type { Watch } from '../count/watch.ts';

/** The number of URLs in an answer. */
const listed = { misses: 50, dashboard: 15 };

export type AnswersOptions = {
  readonly watch: Watch;
  readonly metrics: Answers['metrics'];
  readonly board: AlertBoard;
  readonly desk: ReportDesk;
  /** Brings the figures up to date; absent: they always are. */
  readonly gather?: () => Promise<void>;
  /** Absent: those of the store here. */
  readonly splits?: () => Promise<Splits>;
};

/** All but `metrics` and `report` are sent as JSON. */
export type Answers = {
  readonly metrics: () => Promise<{ readonly text: string; readonly contentType: string }>;
  readonly summary: () => Promise<object>;
  readonly misses: () => Promise<object>;
  readonly hot: () => Promise<object>;
  readonly alerts: () => object;
  /** Everything the dashboard shows, with charts over `spanSeconds`. */
  readonly overview: (spanSeconds: number) => Promise<object>;
  readonly report: (period: Period, format: ReportFormat) => Promise<string>;
  /** The charts' points for hours that began in [`from`, `to`). */
  readonly hours: (from: EpochMs, to: EpochMs) => Promise<object>;
};

/** Creates the functions that answer. */
export function createAnswers(options: AnswersOptions): Answers {
  const { watch, metrics, board, desk, gather = () => Promise.resolve() } = options;
  const { ledger, writes } = watch.counters;
  const splits =
    options.splits ?? (() => Promise.resolve(splitsOf(watch.options.config(), watch.options.store)));
  const upToDate = async <T>(answer: () => T): Promise<T> => {
    await gather();
    return answer();
  };
  return {
    metrics: async () => {
      await gather();
      return metrics();
    },
    summary: () => upToDate(() => summaryOf(watch)),
    misses: async () => {
      watch.lookForEnded();
      const found = await splits();
      return upToDate(() => ({
        ...ledger.report(listed.misses),
        writes: writes.lastHour(),
        splits: found,
      }));
    },
    hot: () => upToDate(() => ({ keys: hotKeys(watch, listed.misses) })),
    alerts: () => board.list(),
    report: async (period, format) => {
      await gather();
      return desk.render(period, format);
    },
    hours: async (from, to) => {
      await gather();
      const { hours, complete } = await desk.hours(from, to);
      return { series: hourSeries(hours, watch.now().at), complete };
    },
    overview: (spanSeconds) =>
      upToDate(() => ({
        metrics: summaryOf(watch),
        series: seriesOf(watch, seconds(spanSeconds)),
        misses: ledger.report(listed.dashboard),
        writes: writes.lastHour().slice(0, listed.dashboard),
        hot: hotKeys(watch, listed.dashboard),
        purges: watch.purges.list(),
        alerts: board.list(),
      })),
  };
}

/** What splits the stored responses of one process. */
export function splitsOf({ contentTypes }: Config, store: Pick<Store, 'entries'>): Splits {
  const variesOf = (name: string): readonly string[] => {
    const vary = contentTypes.get(name)?.vary;
    return vary === undefined ? [] : [...vary.cookies.map((cookie) => `cookie ${cookie}`), ...vary.headers];
  };
  return findSplits(store.entries(), variesOf);
}
