/**
 * Ends a rollout by itself when what people get is wrong: copies that are not what the origin gives, or errors.
 *
 * Promises: it is judged by the audit and by shadow, as one; after a change of the percentage only what came later counts.
 */

import type { Config } from '../config/config.ts';
import type { Clock } from '../kit/time.ts';
import { countsAsError } from '../origin/trouble.ts';
import { rolloutsOf, type RolloutScope, scopeIn } from '../policy/rules/share.ts';
import type { Outcome } from '../proxy/exchange/outcome.ts';
import type { Judgement } from './judge.ts';
import type { Subject } from './ledger.ts';
import { type Counted, Evidence, reasonToRollBack, type Sums } from './rollout-evidence.ts';

export type RollbackOptions = {
  readonly clock: Clock;
  readonly config: () => Config;
  readonly onBad: (scope: RolloutScope, why: string) => void;
};

export type CountRollout = (scope: RolloutScope, counted: Counted) => void;

/** Counts what people get, by the rollout that they come under. */
export class RolloutCounter {
  readonly #config: () => Config;
  readonly #onCounted: CountRollout;
  #counted: Config | undefined;
  #rollouts: ReturnType<typeof rolloutsOf> = new Map();

  constructor(config: () => Config, onCounted: CountRollout) {
    this.#config = config;
    this.#onCounted = onCounted;
  }

  readonly onJudged = (subject: Subject, kind: Judgement['kind']): void => {
    if (kind !== 'unjudged') this.#count(subject, { compared: 1, stale: kind === 'stale' ? 1 : 0 });
  };

  readonly onOutcome = (outcome: Outcome): void => {
    const { kind, pass, status, failure } = outcome;
    const isShadowed = pass === 'shadow';
    if ((pass !== undefined && !isShadowed) || kind === 'refused' || failure === 'aborted') return;
    const errors = kind === 'failed' || countsAsError(status) ? 1 : 0;
    this.#count(outcome, isShadowed ? { shadowAnswers: 1, shadowErrors: errors } : { answers: 1, errors });
  };

  #count(subject: Subject, counted: Counted): void {
    const config = this.#config();
    if (config !== this.#counted) this.#rollouts = rolloutsOf(config);
    this.#counted = config;
    const scope = this.#rollouts.size === 0 ? undefined : scopeIn(this.#rollouts, subject);
    if (scope !== undefined) this.#onCounted(scope, counted);
  }
}

/** Sums what was counted, and says when it is enough. */
export class RollbackWatch {
  readonly #options: RollbackOptions;
  #config: Config | undefined;
  readonly #evidence = new Map<RolloutScope, Evidence>();

  constructor(options: RollbackOptions) {
    this.#options = options;
  }

  readonly count: CountRollout = (scope, counted) => {
    const { clock, config, onBad } = this.#options;
    if (config() !== this.#config) this.#evidence.clear();
    this.#config = config();
    const bounds = this.#config.rollback;
    if (bounds === undefined) return;
    const now = clock.now();
    let evidence = this.#evidence.get(scope);
    if (evidence === undefined) this.#evidence.set(scope, (evidence = new Evidence(bounds.for)));
    evidence.add(counted, now);
    // Only what is bad can make it worse.
    const isBad = (counted.stale ?? 0) + (counted.errors ?? 0) > 0;
    const why = isBad ? reasonToRollBack(bounds, evidence.sums(now)) : undefined;
    if (why !== undefined) onBad(scope, why);
  };

  /** The evidence of a rollout, for its own span. */
  sums(scope: RolloutScope): Sums | undefined {
    return this.#evidence.get(scope)?.sums(this.#options.clock.now());
  }

  /** What was seen speaks of another percentage. */
  forget(scope: RolloutScope): void {
    this.#evidence.delete(scope);
  }
}
