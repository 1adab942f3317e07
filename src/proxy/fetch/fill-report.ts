/**
 * What a fetch tells of itself: to those who count, once, what its client got; to who began it, how it ended.
 *
 * Promise: a stand-in is told when it is given, as it was given: what comes of the fetch afterwards was not the client's.
 */

import type { EpochMs } from '../../kit/time.ts';
import { report } from '../exchange/exchange.ts';
import type { FillInput } from './fill-input.ts';
import type { Outcome } from '../exchange/outcome.ts';
import { exchangeSeconds } from './storing.ts';

/** What is known of the answer: of the stand-in, or of what the fetch brought. */
export type Told = Pick<Outcome, 'status' | 'cacheStatus' | 'entry' | 'notStored'>;
/** What became of it. */
export type End = Pick<Outcome, 'kind' | 'failure'>;

/** Reports one fetch. */
export class FillReport {
  readonly #input: FillInput;
  readonly #requestTime: EpochMs;
  #isTold = false;

  constructor(input: FillInput, requestTime: EpochMs) {
    this.#input = input;
    this.#requestTime = requestTime;
  }

  /** The client has its answer, or will have none. */
  tell(told: Told, { kind, failure }: End): void {
    const { exchange, cause: miss, purgedBy, isBackground } = this.#input;
    if (this.#isTold || isBackground) return;
    this.#isTold = true;
    const originDuration = exchangeSeconds(this.#requestTime, exchange.parts.clock.now());
    const cacheStatus = kind === 'failed' ? asFailed(told, failure) : told.cacheStatus;
    report(exchange, { ...told, cacheStatus, kind, failure, miss, purgedBy, originDuration });
  }

  /** The fetch is over; `status` is the origin's. */
  over(told: Told, { end, status }: { readonly end: End; readonly status: number | undefined }): void {
    this.tell(told, end);
    const { entry, notStored } = told;
    this.#input.onEnd?.({ status, entry, notStored, failure: end.failure });
  }
}

/** A fetch that failed says how it did, as the answer that stood for it does; not that it was cut short. */
function asFailed({ cacheStatus, notStored }: Told, failure: End['failure']): Told['cacheStatus'] {
  if (cacheStatus?.kind !== 'forward' || notStored !== 'truncated' || failure === undefined)
    return cacheStatus;
  return { ...cacheStatus, detail: failure };
}
