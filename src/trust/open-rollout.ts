/** A rollout as operators see and change it, and what ends it by itself. */

import { type CountRollout, RollbackWatch, type RollbackOptions } from './rollback.ts';
import type { LiveRollout, SetResult, Setting } from './live-rollout.ts';
import { type RolloutReport, rolloutReport } from './rollout-report.ts';

export type OpenRollout = {
  /** Takes what was counted. */
  readonly count: CountRollout;
  readonly answers: {
    readonly report: () => RolloutReport;
    readonly set: (setting: Setting) => Promise<SetResult>;
  };
  /** The rollouts that have ended by themselves, with why. */
  readonly rolledBack: () => readonly string[];
};

export type OpenRolloutOptions = Omit<RollbackOptions, 'onBad'> & {
  /** Resolves when another percentage is in force everywhere. */
  readonly inForce: () => Promise<void>;
};

/** Opens it over the live values. */
export function openRollout(live: LiveRollout, { clock, config, inForce }: OpenRolloutOptions): OpenRollout {
  const set = async (setting: Setting): Promise<SetResult> => {
    const result = live.set(config(), setting);
    watch.forget(setting.scope);
    await inForce();
    // What came meanwhile is of before.
    watch.forget(setting.scope);
    return result;
  };
  const watch = new RollbackWatch({
    clock,
    config,
    onBad: (scope, why) => {
      if (live.values.get(scope)?.percent !== 0) void set({ scope, percent: 0, by: 'rollback', why });
    },
  });
  const report = (): RolloutReport =>
    rolloutReport(config(), { values: live.values, sums: (scope) => watch.sums(scope) });
  return {
    answers: { report, set },
    rolledBack: () =>
      [...live.values].flatMap(([scope, { by, why }]) =>
        by === 'rollback' && why !== undefined ? [`${scope}: ${why}`] : [],
      ),
    count: watch.count,
  };
}
