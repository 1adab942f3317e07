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
  /** A stored response to validate; it stands in when the origin is in trouble, where that is allowed. */
  readonly stored: Entry | undefined;
  /** A stored part whose rest is asked for. */
  readonly completes?: Entry | undefined;
  readonly asOf: Position;
  readonly flight: Flight<FlightInfo, Entry, FetchFailure> | undefined;
  /** No client waits: it has been answered from the store, or nobody asked. */
  readonly isBackground: boolean;
  /** It is to find out whether the origin is back. */
  readonly probe?: Probe | undefined;
  readonly onEnd?: ((end: FillEnd) => void) | undefined;
};

/** How a fetch ended: what the origin said, and what became of it. */
export type FillEnd = {
  /** The origin's; `undefined` when there was no answer. */
  readonly status: number | undefined;
  /** What it was stored as. */
  readonly entry: Entry | undefined;
  readonly notStored: NotStoredReason | undefined;
  readonly failure: FailureReason | undefined;
};
