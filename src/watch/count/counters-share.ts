/** What one process has counted, and how it is given to another, so that the figures of workers become those of the whole. */

import type { HandshakeFailure } from '../../front/handshake-failure.ts';
import type { ProxyRefusal } from '../../front/proxied.ts';
import type { Seconds } from '../../kit/time.ts';
import type { Outcome } from '../../proxy/exchange/outcome.ts';
import type { Kept } from '../../kit/top-k.ts';
import type { StoreOperation } from '../../store/timed-store.ts';
import type { MissShare } from './misses.ts';
import type { Tally } from './tally.ts';
import type { WriteShare } from './write-ledger.ts';

export type HotKey = {
  readonly url: string;
  readonly type: string;
  readonly partition: string;
  hits: number;
  savedSeconds: number;
};

export type TypeCounts = {
  readonly tally: Tally;
  readonly outcomes: Map<Outcome['kind'], number>;
  lastLifetime: Seconds | undefined;
};

export type OperationCounts = { count: number; seconds: number; readonly tally: Float64Array };

/** As `Counters` has it, without its rules for memory. */
export type CountersShare = {
  readonly types: readonly (readonly [string, TypeCounts])[];
  readonly shared: Tally;
  readonly misses: MissShare;
  readonly last: readonly (readonly [isHit: boolean, Seconds])[];
  readonly hot: readonly Kept<HotKey>[];
  readonly purges: readonly (readonly [string, number])[];
  readonly handshakeFailures: readonly (readonly [HandshakeFailure, number])[];
  readonly proxyRefusals: readonly (readonly [ProxyRefusal, number])[];
  readonly writes: WriteShare;
  readonly operations: readonly (readonly [StoreOperation, OperationCounts])[];
};

/** Adds each count. */
export function increaseAll<Name>(counts: Map<Name, number>, more: Iterable<readonly [Name, number]>): void {
  for (const [name, count] of more) counts.set(name, (counts.get(name) ?? 0) + count);
}
