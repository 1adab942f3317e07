/** What the primary knows of all workers: their figures, and the evidence of shadow mode and the audit. */

import type { Logger } from 'pino';
import type { Config } from '../config/config.ts';
import type { Clock } from '../kit/time.ts';
import type { OpenStore } from '../store/opened-store.ts';
import { LocalPurgeLog } from '../store/purge-log.ts';
import type { TrustReports } from '../trust/open-trust.ts';
import { Counting } from '../watch/count/counting.ts';
import { openWatch, type OpenWatch } from '../watch/open-watch.ts';
import { openArchive } from '../watch/report/open-archive.ts';
import type { Worker } from './crew.ts';
import { Gathered } from './gathered.ts';
import type { PurgeOrder } from './purge-order.ts';
import { TrustForAll } from './trust-for-all.ts';

type Known = {
  readonly clock: Clock;
  readonly config: () => Config;
  readonly log: Logger;
  readonly ready: () => readonly Worker[];
};

export type FiguresOptions = Known & {
  readonly order: Pick<PurgeOrder, 'append'>;
  readonly hasRedis: boolean;
  /** The file that keeps over restarts how far a rollout has got; absent: none is kept. */
  readonly rolloutFile: string | undefined;
};

export type Figures = Pick<Counting, 'onAppended'> & {
  readonly counting: Counting;
  readonly gathered: Gathered;
  readonly trust: TrustForAll;
  readonly reports: TrustReports;
  /** All workers have another configuration. */
  readonly onReload: () => Promise<void>;
};

/** Opens them. */
export function openFigures(options: FiguresOptions): Figures {
  const { clock, config, log, order, ready, hasRedis, rolloutFile } = options;
  const counting = new Counting(clock);
  const { onAppended, counters } = counting;
  const trust = new TrustForAll({
    ...{ clock, config, log, rolloutFile },
    purge: (purge) => {
      onAppended(purge, order.append(purge));
    },
  });
  const gathered = new Gathered({ counters, workers: ready, hasRedis, onTrust: trust.take });
  const onReload = async (): Promise<void> => {
    // What they counted under the rules of before.
    await gathered.gather();
    await trust.onReload();
  };
  const reports = trust.reports(() => gathered.noise());
  return { counting, onAppended, gathered, trust, reports, onReload };
}

export type WatchOptions = Known & {
  /** How many there are to be. */
  readonly workers: number;
  readonly replaced: () => number;
  readonly reportFolder: string | undefined;
  readonly shared: Pick<OpenStore, 'notes' | 'lease'> | undefined;
};

/** Opens the watch of an instance of several workers. */
export function watchWorkers({ counting, gathered, reports }: Figures, options: WatchOptions): OpenWatch {
  const { clock, config, log, workers, ready, replaced, reportFolder: folder, shared } = options;
  return openWatch({
    ...{ config, clock, counting, log, redis: () => gathered.redis(), health: gathered, ...reports.watched },
    store: { size: () => gathered.size(), entries: () => [], subjects: () => [] },
    purgeLog: new LocalPurgeLog('primary'),
    others: { count: workers, residentBytes: () => gathered.residentBytes() },
    background: () => gathered.background(),
    archive: openArchive({ ...shared, folder, clock }),
    workers: {
      gather: () => gathered.gather(),
      splits: () => gathered.splits(),
      runtimes: () => gathered.runtimes(),
      states: () => ({ known: workers, ready: ready().length, replaced: replaced() }),
    },
  });
}
