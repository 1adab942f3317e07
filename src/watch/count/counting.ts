/**
 * What is counted from the first moment on, and what it hears of: outcomes, the store, the purge log, calls of the origin. It
 * is built before any of them, for each is given its listeners when it is built.
 */

import { type Clock, type Seconds, seconds } from '../../kit/time.ts';
import type { CallListener } from '../../origin/call-listener.ts';
import { countsAsError } from '../../origin/trouble.ts';
import type { Purge, Receipt } from '../../store/purge-log.ts';
import { Counters } from './counters.ts';
import { RecentPurges } from './purges.ts';

/** The counters and the purges of late. */
export class Counting {
  readonly counters = new Counters();
  readonly purges = new RecentPurges();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  readonly callListener: CallListener = {
    // Two requests, of which the origin may have seen both; an idle connection that it closed is not an error.
    onRepeat: (duration) => {
      this.counters.onOrigin(duration, false);
    },
    onEnd: ({ duration, status, failure }) => {
      // A client that leaves is no fault of the origin's.
      const hasFailed = failure !== undefined && failure !== 'aborted';
      this.counters.onOrigin(duration, hasFailed || countsAsError(status));
    },
  };

  readonly onSlowWrite = (operation: 'set' | 'delete', duration: Seconds): void => {
    this.counters.onOperation(`${operation}/redis`, duration);
  };

  readonly onAppended = (purge: Purge, receipt: Promise<Receipt>): void => {
    const at = this.#clock.now();
    const startedMs = this.#clock.monotonicMs();
    const record = (instances: Receipt['instances'] | undefined): void => {
      this.counters.onPurge(purge.cause);
      const took = seconds((this.#clock.monotonicMs() - startedMs) / 1000);
      this.purges.record({ at, purge, instances, took });
    };
    receipt.then(
      ({ instances }) => {
        record(instances);
      },
      () => {
        // The caller gets the error; here it only counts.
        record(undefined);
      },
    );
  };
}
