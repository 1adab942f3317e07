/** What shadow mode has counted, as the control API says it: secrets masked, the most telling first. */

import { rounded } from '../kit/figures.ts';
import type { EpochMs } from '../kit/time.ts';
import { maskTarget } from '../watch/count/mask-target.ts';
import type { Interval } from '../kit/wilson.ts';
import type { AdviceView, SharedView } from './advice/advice.ts';
import type { Counts, Example, Ledger } from './ledger.ts';
import { maskSecrets, maskValue } from './mask-secrets.ts';
import type { NoiseSeen } from './noise-book.ts';

/** Copies compared with what the origin gives. Shares are between 0 and 1; `[low, high]` holds the share with 95 % confidence. */
export type JudgedView = {
  readonly compared: number;
  readonly same: number;
  readonly noise: number;
  readonly stale: number;
  readonly stale_share: number;
  readonly stale_interval: readonly [number, number];
  readonly stale_by_cause: Readonly<Record<string, number>>;
  readonly unjudged: Readonly<Record<string, number>>;
};

export type CountsView = JudgedView & {
  readonly reads: number;
  readonly would_hit: number;
  readonly hit_rate: number;
  readonly hit_interval: readonly [number, number];
  readonly misses: Readonly<Record<string, number>>;
  readonly saved_seconds: number;
};

type Named = CountsView & { readonly name: string };

export type ExampleView = {
  readonly at: string;
  readonly type: string;
  readonly route: string | null;
  readonly target: string;
  readonly age_seconds: number;
  readonly cause: string;
  readonly right_at: string;
  readonly writes: readonly { readonly at: string; readonly method: string; readonly pattern: string }[];
  readonly differs: readonly { readonly at: string; readonly copy: string; readonly now: string }[];
};

export type ShadowReport = {
  readonly mode: 'full' | 'shadow';
  /** Since when it counts: the configuration was put in force, or the first request came. */
  readonly since: string | null;
  /** The share of keys that is looked at; the counts are those of all, by estimate. */
  readonly sample: number;
  readonly total: CountsView | null;
  readonly types: readonly Named[];
  readonly routes: readonly Named[];
  readonly patterns: readonly Named[];
  readonly noise: readonly { readonly pattern: string; readonly at: string; readonly kind: string }[];
  readonly examples: readonly ExampleView[];
  /** `user` routes that gave several people the same. */
  readonly same_for_all: readonly SharedView[];
  /** What the evidence speaks for; `GET /api/cache/advice` has all of it. */
  readonly advice: readonly Pick<AdviceView, 'id' | 'text'>[];
  readonly would_store: { readonly entries: number; readonly bytes: number; readonly sampled_bytes: number };
};

export type ShadowReportInput = {
  readonly mode: 'full' | 'shadow';
  readonly ledger: Ledger | undefined;
  readonly noise: readonly NoiseSeen[];
  readonly shared: readonly SharedView[];
  readonly advice: ShadowReport['advice'];
  readonly size: { readonly entries: number; readonly bytes: number; readonly sampledBytes: number };
  readonly sample: number;
};

const mostListed = 50;
const mostPlaces = 5;

/** The report. */
export function shadowReport({
  mode,
  ledger,
  noise,
  size,
  sample,
  shared,
  advice,
}: ShadowReportInput): ShadowReport {
  const { entries, bytes, sampledBytes } = size;
  return {
    mode,
    since: ledger === undefined ? null : iso(ledger.since),
    sample,
    total: ledger === undefined ? null : countsView(ledger.total),
    types: named(ledger?.types.entries()),
    routes: named(ledger?.routes.entries()),
    patterns: named(ledger?.patterns.entries()),
    noise: noise.map(noiseView),
    examples: (ledger?.examples ?? []).toReversed().map(exampleView),
    same_for_all: shared,
    advice,
    would_store: { entries, bytes, sampled_bytes: sampledBytes },
  };
}

const named = (all: Iterable<[string, Counts]> = []): Named[] => listed(all, countsView);

/** The stale ones first, then those that are asked for most. */
export const listed = <View>(
  all: Iterable<[string, Counts]>,
  view: (counts: Counts) => View,
): (View & { readonly name: string })[] =>
  [...all]
    .sort(([, one], [, other]) => other.stale - one.stale || other.reads - one.reads)
    .slice(0, mostListed)
    .map(([name, counts]) => ({ name, ...view(counts) }));

/** What became of the comparisons. */
export function judgedView({ same, noise, stale, causes, unjudged, staleInTime }: Counts): JudgedView {
  const compared = same + noise + stale;
  return {
    compared,
    same,
    noise,
    stale,
    stale_share: staleInTime.share,
    stale_interval: bounds(staleInTime.interval()),
    stale_by_cause: Object.fromEntries(causes),
    unjudged: Object.fromEntries(unjudged),
  };
}

/** Counts of shadow with what follows from them. */
function countsView(counts: Counts): CountsView {
  const { reads, hits, misses, savedSeconds, hitsInSample } = counts;
  return {
    reads,
    would_hit: hits,
    hit_rate: share(hits, reads),
    hit_interval: bounds(hitsInSample.interval()),
    ...judgedView(counts),
    misses: Object.fromEntries([...misses].sort(([, one], [, other]) => other - one)),
    saved_seconds: rounded(savedSeconds, 3),
  };
}

/** Noise without secrets. */
export const noiseView = ({ pattern, name, kind }: NoiseSeen): ShadowReport['noise'][number] => ({
  pattern,
  at: maskSecrets(name),
  kind,
});

/** An example without secrets. */
export function exampleView({ subject, at, age, cause, rightAt, writes, places }: Example): ExampleView {
  return {
    at: iso(at),
    type: subject.contentType,
    route: subject.route ?? null,
    target: maskTarget(subject.target),
    age_seconds: rounded(age, 3),
    cause,
    right_at: iso(rightAt),
    writes: writes.map((write) => ({ ...write, at: iso(write.at) })),
    differs: places.slice(0, mostPlaces).map(({ name, copy, now }) => ({
      at: maskSecrets(name),
      copy: maskValue(name, copy),
      now: maskValue(name, now),
    })),
  };
}

/** An instant as text. */
export const iso = (at: EpochMs): string => new Date(at).toISOString();
const share = (part: number, of: number): number => (of === 0 ? 0 : part / of);
const bounds = ({ low, high }: Interval): readonly [number, number] => [low, high];
