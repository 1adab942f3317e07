/** A rollout as operators see and change it, and what ends it by itself. */

import { RollbackWatch, type RollbackOptions } from './rollback.ts';
import type { LiveRollout, SetResult, Setting } from './live-rollout.ts';
import { type RolloutReport, rolloutReport } from './rollout-report.ts';

export type OpenRollout = Pick<RollbackWatch, 'onJudged' | 'onOutcome'> & {
  readonly answers: {
    readonly report: () => RolloutReport;
    readonly set: (setting: Setting) => SetResult;
  };
  /** The rollouts that have ended by themselves, with why. */
  readonly rolledBack: () => readonly string[];
};

/** Opens it over the live values. */
export function openRollout(
  live: LiveRollout,
  { clock, config }: Omit<RollbackOptions, 'onBad'>,
): OpenRollout {
  const set = (setting: Setting): SetResult => {
    watch.forget(setting.scope);
    return live.set(config(), setting);
  };
  const watch = new RollbackWatch({
    clock,
    config,
    onBad: (scope, why) => {
      if (live.values.get(scope)?.percent !== 0) set({ scope, percent: 0, by: 'rollback', why });
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
    onJudged: watch.onJudged,
    onOutcome: watch.onOutcome,
  };
}
