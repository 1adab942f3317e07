/**
 * The percentages of the rollouts that are in force: the file's, unless an operator or a rollback has set another.
 *
 * Promises: a live value holds over reloads and restarts until the file says another percentage than when it was set; then the
 * file's holds. Where what was kept cannot be read, nobody is cached until an operator says otherwise. What another process has
 * decided is its to forget; if it was decided for another percentage in the file, the smaller one holds.
 */

import type { Logger } from 'pino';
import type { Config } from '../config/config.ts';
import type { Clock } from '../kit/time.ts';
import { type LivePercents, rolloutsOf, type RolloutScope } from '../policy/rules/share.ts';
import { type LiveValue, type LiveValues, readLiveValues, writeLiveValues } from './rollout-file.ts';

export type LiveRolloutOptions = {
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Absent: nothing is kept over a restart. */
  readonly rolloutFile?: string | undefined;
  /** Other percentages are in force. */
  readonly onChange: () => void;
};

/** `why`: of a rollback. */
export type Setting = {
  readonly scope: RolloutScope;
  readonly percent: number;
  readonly by: string;
  readonly why?: string | undefined;
};

/** `isKept`: a restart will not forget it. */
export type SetResult =
  | { readonly kind: 'set'; readonly from: number; readonly isKept: boolean }
  | { readonly kind: 'no-such-rollout' };

const unreadable = 'the file that keeps it cannot be read';

/** The live values. */
export class LiveRollout {
  readonly #options: LiveRolloutOptions;
  readonly #values: Map<RolloutScope, LiveValue>;
  #isUnreadable: boolean;
  #isDecidedElsewhere = false;

  constructor(options: LiveRolloutOptions) {
    this.#options = options;
    const read =
      options.rolloutFile === undefined ? new Map<never, never>() : readLiveValues(options.rolloutFile);
    this.#isUnreadable = read === 'unreadable';
    if (this.#isUnreadable)
      options.log.error({ file: options.rolloutFile }, `rollout: ${unreadable}; nobody is cached`);
    this.#values = new Map(read === 'unreadable' ? [] : read);
  }

  get values(): LiveValues {
    return this.#values;
  }

  /** Those in force with a configuration; what the file has overtaken is forgotten. */
  readonly percents = (config: Config): LivePercents => {
    const rollouts = rolloutsOf(config);
    if (this.#isDecidedElsewhere) return decidedElsewhere(this.#values, rollouts);
    if (this.#isUnreadable && rollouts.size > 0) this.#holdAll(rollouts);
    let hasForgotten = false;
    for (const [scope, { filePercent }] of this.#values) {
      if (rollouts.get(scope)?.percent === filePercent) continue;
      this.#values.delete(scope);
      hasForgotten = true;
    }
    if (hasForgotten) this.#keep();
    return new Map([...this.#values].map(([scope, { percent }]) => [scope, percent]));
  };

  /** Sets one. In force when it returns. */
  set(config: Config, { scope, percent, by, why }: Setting): SetResult {
    const { clock, log, onChange } = this.#options;
    const filePercent = rolloutsOf(config).get(scope)?.percent;
    if (filePercent === undefined) return { kind: 'no-such-rollout' };
    const from = this.#values.get(scope)?.percent ?? filePercent;
    this.#values.set(scope, { percent, filePercent, at: clock.now(), by, why });
    onChange();
    const isKept = this.#keep();
    log[why === undefined ? 'info' : 'warn'](
      { rollout: scope, percent, from, by, why, kept: isKept },
      'rollout changed',
    );
    return { kind: 'set', from, isKept };
  }

  /** Those that another process has decided are in force when it returns. */
  adopt(values: LiveValues): void {
    this.#isDecidedElsewhere = true;
    this.#values.clear();
    for (const [scope, value] of values) this.#values.set(scope, value);
    this.#options.onChange();
  }

  /** What they were is not known: in doubt everybody is in shadow. */
  #holdAll(rollouts: ReturnType<typeof rolloutsOf>): void {
    this.#isUnreadable = false;
    const at = this.#options.clock.now();
    for (const [scope, { percent }] of rollouts)
      this.#values.set(scope, { percent: 0, filePercent: percent, at, by: 'rollback', why: unreadable });
  }

  #keep(): boolean {
    const { rolloutFile: file, log } = this.#options;
    if (file === undefined) return false;
    try {
      writeLiveValues(file, this.#values);
      return true;
    } catch (error) {
      log.error({ err: error, file }, 'rollout: cannot be kept over a restart');
      return false;
    }
  }
}

/** One of the two processes may have another configuration than the other for a while. */
function decidedElsewhere(values: LiveValues, rollouts: ReturnType<typeof rolloutsOf>): LivePercents {
  const percents = new Map<RolloutScope, number>();
  for (const [scope, { percent, filePercent }] of values) {
    const own = rollouts.get(scope)?.percent;
    if (own !== undefined) percents.set(scope, own === filePercent ? percent : Math.min(own, percent));
  }
  return percents;
}
