/** What each of several workers tells its primary of the evidence, and what the primary decides for all of them. */

import type { Config } from '../config/config.ts';
import type { EpochMs } from '../kit/time.ts';
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

/** Keeps what was counted until somebody takes it, or until another percentage or configuration is in force. */
export class RolloutSums {
  readonly #inForce: RolloutSumsOptions;
  #sums = new Map<RolloutScope, Kept>();

  constructor(inForce: RolloutSumsOptions) {
    this.#inForce = inForce;
  }

  readonly count: CountRollout = (scope, counted) => {
    let kept = this.#sums.get(scope);
    if (kept === undefined || !this.#isInForce(scope, kept)) {
      kept = { sums: nothing(), config: this.#inForce.config(), setAt: this.#setAt(scope) };
      this.#sums.set(scope, kept);
    }
    addSums(kept.sums, counted);
  };

  drain(): ReadonlyMap<RolloutScope, Sums> {
    const taken = [...this.#sums].filter(([scope, kept]) => this.#isInForce(scope, kept));
    this.#sums = new Map();
    return new Map(taken.map(([scope, { sums }]) => [scope, sums]));
  }

  #isInForce(scope: RolloutScope, { config, setAt }: Kept): boolean {
    return config === this.#inForce.config() && setAt === this.#setAt(scope);
  }

  #setAt(scope: RolloutScope): EpochMs | undefined {
    return this.#inForce.live.values.get(scope)?.at;
  }
}

type RolloutSumsOptions = {
  readonly config: () => Config;
  readonly live: { readonly values: LiveValues };
};
type Kept = { readonly sums: Sums; readonly config: Config; readonly setAt: EpochMs | undefined };
