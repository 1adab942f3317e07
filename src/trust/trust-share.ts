/** What each of several workers tells its primary of the evidence, and what the primary decides for all of them. */

import type { RolloutScope } from '../policy/rules/share.ts';
import type { LedgerNote } from './ledger-tape.ts';
import type { CountRollout } from './rollback.ts';
import type { Quarantine, Quarantined } from './quarantine.ts';
import { addSums, nothing, type Sums } from './rollout-evidence.ts';
import type { LiveValues } from './rollout-file.ts';
import type { ShadowReportInput } from './shadow-report.ts';
import type { WritesSeen } from './writes-seen.ts';

export type TrustShare = {
  /** Counted since the last time. */
  readonly audit: readonly LedgerNote[];
  readonly shadow: readonly LedgerNote[];
  readonly rollouts: ReadonlyMap<RolloutScope, Sums>;
  /** Of what would be stored, as of now. */
  readonly size: ShadowReportInput['size'];
  /** The share of keys that shadow looks at. */
  readonly sample: number;
};

/** What is in force for the whole instance. */
export type Decided = {
  readonly quarantined: readonly Quarantined[];
  readonly rollouts: LiveValues;
};

/** What a worker has in place of its own. */
export type TrustedWorker = {
  readonly quarantine: Quarantine;
  /** Has those of the other workers, too. */
  readonly writes: WritesSeen;
  readonly onFound: (found: Quarantined) => void;
};

export const nothingStored: ShadowReportInput['size'] = { entries: 0, bytes: 0, sampledBytes: 0 };

/** Keeps what was counted until somebody takes it. */
export class RolloutSums {
  #sums = new Map<RolloutScope, Sums>();

  readonly count: CountRollout = (scope, counted) => {
    let sums = this.#sums.get(scope);
    if (sums === undefined) this.#sums.set(scope, (sums = nothing()));
    addSums(sums, counted);
  };

  drain(): ReadonlyMap<RolloutScope, Sums> {
    const sums = this.#sums;
    this.#sums = new Map();
    return sums;
  }
}
