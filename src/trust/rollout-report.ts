/** The rollouts as the control API says them. */

import type { Config, Rollback } from '../config/config.ts';
import { wilson } from '../kit/wilson.ts';
import { rolloutsOf, type RolloutScope } from '../policy/rules/share.ts';
import type { LiveValues } from './rollout-file.ts';
import type { Sums } from './rollout-evidence.ts';
import { iso } from './shadow-report.ts';

export type RolloutView = {
  readonly scope: 'all' | 'type' | 'route';
  /** Of the type or the route. */
  readonly name: string | null;
  /** In force. */
  readonly percent: number;
  readonly by: 'identity' | 'key';
  readonly file_percent: number;
  /** Absent: the file's is in force. */
  readonly set: { readonly at: string; readonly by: string; readonly why: string | null } | null;
  /** Over the span of `rollback`; absent without it, and before anything was seen. */
  readonly evidence: Readonly<Record<string, number | readonly [number, number]>> | null;
};

export type RolloutReport = {
  readonly mode: 'full' | 'shadow';
  readonly rollback: {
    readonly stale_above: number | null;
    readonly error_rate_above: number | null;
    readonly for_seconds: number;
    readonly min_requests: number;
  } | null;
  readonly rollouts: readonly RolloutView[];
};

/** The report. */
export function rolloutReport(
  config: Config,
  { values, sums }: { values: LiveValues; sums: (scope: RolloutScope) => Sums | undefined },
): RolloutReport {
  const rollouts = [...rolloutsOf(config)].map(([scope, { percent, by }]): RolloutView => {
    const live = values.get(scope);
    const [kind, ...name] = scope.split(' ');
    const seen = sums(scope);
    return {
      scope: kind as RolloutView['scope'],
      name: name.length === 0 ? null : name.join(' '),
      percent: live?.percent ?? percent,
      by,
      file_percent: percent,
      set: live === undefined ? null : { at: iso(live.at), by: live.by, why: live.why ?? null },
      evidence: seen === undefined ? null : evidenceView(seen),
    };
  });
  return {
    mode: config.mode,
    rollback: config.rollback === undefined ? null : boundsView(config.rollback),
    rollouts,
  };
}

const boundsView = ({ staleAbove, errorRateAbove, for: span, minRequests }: Rollback) => ({
  stale_above: staleAbove ?? null,
  error_rate_above: errorRateAbove ?? null,
  for_seconds: span,
  min_requests: minRequests,
});

function evidenceView({ compared, stale, answers, errors, shadowAnswers, shadowErrors }: Sums) {
  const { low, high } = wilson(stale, compared);
  return {
    ...{ compared, stale, answers, errors },
    stale_interval: [low, high] as const,
    shadow_answers: shadowAnswers,
    shadow_errors: shadowErrors,
  };
}
