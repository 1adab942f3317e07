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
type Told = Pick<Outcome, 'status' | 'cacheStatus' | 'entry' | 'notStored'>;
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
    const told = this.#told(status, more);
    const cacheStatus = kind === 'failed' ? asFailed(told, failure) : told.cacheStatus;
    tellOutcome(exchange, { ...told, cacheStatus, kind, failure, miss, purgedBy, originDuration });
  }

  /** The fetch is over; `status` is the origin's, `given` the client's. */
  over(given: number, { end, status }: { readonly end: End; readonly status: number | undefined }): void {
    this.tell(given, end);
    const { entry, notStored } = this;
    this.#input.onEnd?.({ status, entry, notStored, failure: end.failure });
  }

  #told(status: number, more: Partial<Forward>): Told {
    const { entry, notStored } = this;
    return { status, cacheStatus: this.forwardStatus(more), entry, notStored };
  }
}

/** A fetch that failed says how it did, not that it was cut short. */
function asFailed({ cacheStatus, notStored }: Told, failure: End['failure']): Told['cacheStatus'] {
  if (cacheStatus?.kind !== 'forward' || notStored !== 'truncated' || failure === undefined)
    return cacheStatus;
  return { ...cacheStatus, detail: failure };
}
