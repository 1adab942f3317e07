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
import { Evidence, reasonToRollBack, type Sums } from './rollout-evidence.ts';

export type RollbackOptions = {
  readonly clock: Clock;
  readonly config: () => Config;
  readonly onBad: (scope: RolloutScope, why: string) => void;
};

/** Counts, and says when it is enough. */
export class RollbackWatch {
  readonly #options: RollbackOptions;
  #config: Config | undefined;
  #rollouts: ReturnType<typeof rolloutsOf> = new Map();
  readonly #evidence = new Map<RolloutScope, Evidence>();

  constructor(options: RollbackOptions) {
    this.#options = options;
  }

  readonly onJudged = (subject: Subject, kind: Judgement['kind']): void => {
    if (kind === 'unjudged') return;
    this.#count(subject, kind === 'stale', (sums) => {
      sums.compared += 1;
      if (kind === 'stale') sums.stale += 1;
    });
  };

  readonly onOutcome = (outcome: Outcome): void => {
    const { kind, pass, status, failure } = outcome;
    const isShadowed = pass === 'shadow';
    if ((pass !== undefined && !isShadowed) || kind === 'refused' || failure === 'aborted') return;
    const isError = kind === 'failed' || countsAsError(status);
    this.#count(outcome, isError && !isShadowed, (sums) => {
      sums[isShadowed ? 'shadowAnswers' : 'answers'] += 1;
      if (isError) sums[isShadowed ? 'shadowErrors' : 'errors'] += 1;
    });
  };

  /** The evidence of a rollout, for its own span. */
  sums(scope: RolloutScope): Sums | undefined {
    return this.#evidence.get(scope)?.sums(this.#options.clock.now());
  }

  /** What was seen speaks of another percentage. */
  forget(scope: RolloutScope): void {
    this.#evidence.delete(scope);
  }

  /** Only what is bad can make it worse. */
  #count(subject: Subject, isBad: boolean, add: (sums: Sums) => void): void {
    const { clock, config, onBad } = this.#options;
    if (config() !== this.#config) this.#adopt(config());
    if (this.#rollouts.size === 0) return;
    const bounds = config().rollback;
    const scope = scopeIn(this.#rollouts, subject);
    if (scope === undefined || bounds === undefined) return;
    const now = clock.now();
    let evidence = this.#evidence.get(scope);
    if (evidence === undefined) this.#evidence.set(scope, (evidence = new Evidence(bounds.for)));
    add(evidence.at(now));
    const why = isBad ? reasonToRollBack(bounds, evidence.sums(now)) : undefined;
    if (why !== undefined) onBad(scope, why);
  }

  #adopt(config: Config): void {
    this.#config = config;
    this.#rollouts = rolloutsOf(config);
    this.#evidence.clear();
  }
}
