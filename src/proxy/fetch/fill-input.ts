/** What a fetch is started with. */

import type { ForwardReason } from '../../http/cache-status.ts';
import type { Flight } from '../../kit/single-flight.ts';
import type { FailureReason } from '../../origin/failure.ts';
import type { Probe } from '../../origin/origin-health.ts';
import type { Position } from '../../store/purge-log.ts';
import type { Entry } from '../../store/store.ts';
import type { CacheExchange, FetchFailure, FlightInfo } from '../exchange/exchange.ts';
import type { MissCause, NotStoredReason, Outcome } from '../exchange/outcome.ts';
import type { StorageTerms } from './storage-terms.ts';

export type FillInput = {
  readonly exchange: CacheExchange;
  /** Its method is the fetch's. */
  readonly terms: StorageTerms;
  readonly fwd: ForwardReason;
  readonly cause: MissCause;
  readonly purgedBy: Outcome['purgedBy'];
  /** To be validated; it stands in when the origin is in trouble, where that is allowed. */
  readonly stored: Entry | undefined;
  /** A stored part whose rest is asked for. */
  readonly completes?: Entry | undefined;
  readonly asOf: Position;
  readonly flight: Flight<FlightInfo, Entry, FetchFailure> | undefined;
  /** No client waits: it has been answered from the store, or nobody asked. */
  readonly isBackground: boolean;
  readonly probe?: Probe | undefined;
  readonly onEnd?: ((end: FillEnd) => void) | undefined;
};

/** What the origin said, and what became of it. */
export type FillEnd = {
  readonly status: number | undefined;
  readonly entry: Entry | undefined;
  readonly notStored: NotStoredReason | undefined;
  readonly failure: FailureReason | undefined;
};
