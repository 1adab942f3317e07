/** What the audit has found, as the control API says it: by type, route, URL pattern and age, with an advice for each type. */

import type { Counts, Ledger } from './ledger.ts';
import type { NoiseSeen } from './noise-book.ts';
import {
  exampleView,
  type ExampleView,
  iso,
  type JudgedView,
  judgedView,
  listed,
  noiseView,
  type ShadowReport,
} from './shadow-report.ts';

/** `shorter`: copies differ often. `longer`: none of many has differed. `null`: too few were compared to tell. */
type Advice = 'shorter' | 'longer' | null;

type Advised = JudgedView & { readonly name: string; readonly advice: Advice };
type Named = JudgedView & { readonly name: string };

export type AuditReport = {
  /** The share of hits that is compared; 0 without `audit`. */
  readonly sample: number;
  readonly since: string;
  readonly total: JudgedView;
  readonly types: readonly Advised[];
  readonly routes: readonly Advised[];
  readonly patterns: readonly Named[];
  /** By how much of its lifetime a copy had behind it. */
  readonly ages: readonly Named[];
  readonly noise: ShadowReport['noise'];
  readonly examples: readonly ExampleView[];
};

/** The report. */
export function auditReport(
  sample: number,
  { ledger, noise }: { readonly ledger: Ledger; readonly noise: readonly NoiseSeen[] },
): AuditReport {
  const { since, total, types, routes, patterns, ages, examples } = ledger;
  return {
    sample,
    since: iso(since),
    total: judgedView(total),
    types: listed(types, advised),
    routes: listed(routes.entries(), advised),
    patterns: listed(patterns.entries(), judgedView),
    ages: listed(ages, judgedView),
    noise: noise.map(noiseView),
    examples: examples.toReversed().map(exampleView),
  };
}

/** One in a hundred is often; none of so many is less than one in a hundred with 95 % confidence. */
const often = 0.01;

function advised(counts: Counts): Omit<Advised, 'name'> {
  const view = judgedView(counts);
  const [low, high] = view.stale_interval;
  return { ...view, advice: low > often ? 'shorter' : view.stale === 0 && high < often ? 'longer' : null };
}
