/**
 * What a fetch tells of itself: to those who count, once, what its client got; to who began it, how it ended. A stand-in is
 * told when it is given: what comes of the fetch afterwards was not the client's.
 */

import { cacheStatusValue, type CacheStatus } from '../../http/cache-status.ts';
import type { EpochMs } from '../../kit/time.ts';
import type { Entry } from '../../store/store.ts';
import { tellOutcome } from '../exchange/exchange.ts';
import type { FillInput } from './fill-input.ts';
import type { NotStoredReason, Outcome } from '../exchange/outcome.ts';
import { callSeconds } from './storing.ts';

type Forward = Extract<CacheStatus, { kind: 'forward' }>;
export type End = Pick<Outcome, 'kind' | 'failure'>;

/** Reports one fetch. */
export class FillOutcome {
  readonly #input: FillInput;
  readonly #requestTime: EpochMs;
  #isTold = false;
  isKept = false;
  notStored: NotStoredReason | undefined;
  /** What it was stored as, or what stood in. */
  entry: Entry | undefined;

  constructor(input: FillInput, requestTime: EpochMs) {
    this.#input = input;
    this.#requestTime = requestTime;
  }

  forwardStatus(more: Partial<Forward>): Forward {
    const stored = this.isKept && this.notStored === undefined;
    const why = this.notStored === undefined ? {} : { detail: this.notStored };
    return { kind: 'forward', fwd: this.#input.fwd, stored, ...why, ...more };
  }

  cacheStatus(more: Partial<Forward>): string {
    return cacheStatusValue(this.forwardStatus(more));
  }

  /** The client has its answer, `status`, or will have none. */
  tell(status: number, { kind, failure }: End, more: Partial<Forward> = {}): void {
    const { exchange, cause: miss, purgedBy, isBackground } = this.#input;
    if (this.#isTold || isBackground) return;
    this.#isTold = true;
    const originDuration = callSeconds(this.#requestTime, exchange.services.clock.now());
    const { entry, notStored } = this;
    // A fetch that failed says how it did, not that it was cut short.
    const why = kind === 'failed' && notStored === 'truncated' && failure ? { detail: failure } : {};
    const cacheStatus = { ...this.forwardStatus(more), ...why };
    const told = { kind, status, cacheStatus, entry, notStored, failure, miss, purgedBy, originDuration };
    tellOutcome(exchange, told);
  }

  /** The fetch is over; `status` is the origin's, `given` the client's. */
  over(given: number, { end, status }: { readonly end: End; readonly status: number | undefined }): void {
    this.tell(given, end);
    const { entry, notStored } = this;
    this.#input.onEnd?.({ status, entry, notStored, failure: end.failure });
  }
}
