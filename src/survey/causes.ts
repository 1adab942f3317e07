/**
 * Which writes change a page, from its history.
 *
 * Between two looks at a page there are often several writes, so none of them is the cause for certain. The kind of write with
 * the largest share of changes explains its changes first, then the next, until no change is left: what is written all the time
 * (a beacon) explains only what no rarer write does. What was there many times while nothing changed, and explains nothing, does
 * not change the page.
 */

import type { Interval } from './page-history.ts';

/** `own`: the reader's write. */
type Whose = 'own' | 'others';

export type Cause = {
  readonly kind: string;
  readonly whose: Whose;
  /** Changes that it explains, and intervals with it in which nothing changed. */
  readonly changed: number;
  readonly unchanged: number;
};

export type Causes = {
  readonly causes: readonly Cause[];
  readonly looks: number;
  readonly changes: number;
  /** Changes with no write between, and for how long no such change was seen. */
  readonly byItself: number;
  readonly seconds: number;
};

type Candidate = {
  readonly kind: string;
  readonly whose: Whose;
  unchanged: number;
  readonly changes: Set<Interval>;
  explained: number;
};

/** The causes of one page's changes. */
export function causesOf(intervals: readonly Interval[]): Causes {
  const candidates = candidatesIn(intervals);
  for (let best = strongest(candidates); best !== undefined; best = strongest(candidates)) {
    const explained = [...best.changes];
    best.explained += explained.length;
    for (const { changes } of candidates) for (const interval of explained) changes.delete(interval);
  }
  const changed = intervals.filter(({ isChanged }) => isChanged);
  return {
    causes: candidates.map(({ kind, whose, explained, unchanged }) => ({
      kind,
      whose,
      changed: explained,
      unchanged,
    })),
    looks: intervals.length,
    changes: changed.length,
    byItself: changed.filter(({ own, others }) => own.size + others.size === 0).length,
    seconds: intervals.filter(({ isChanged }) => !isChanged).reduce((sum, { seconds }) => sum + seconds, 0),
  };
}

function candidatesIn(intervals: readonly Interval[]): readonly Candidate[] {
  const all = new Map<string, Candidate>();
  for (const interval of intervals) {
    const kinds = [
      ...[...interval.own].map((kind) => ({ kind, whose: 'own' }) as const),
      ...[...interval.others].map((kind) => ({ kind, whose: 'others' }) as const),
    ];
    for (const { kind, whose } of kinds) {
      const name = `${whose} ${kind}`;
      const known = all.get(name) ?? { kind, whose, unchanged: 0, changes: new Set(), explained: 0 };
      all.set(name, known);
      if (interval.isChanged) known.changes.add(interval);
      else known.unchanged += 1;
    }
  }
  return [...all.values()];
}

/** With changes that nothing explains yet; of equal ones, the reader's own. */
function strongest(candidates: readonly Candidate[]): Candidate | undefined {
  let best: Candidate | undefined;
  for (const one of candidates) {
    if (one.changes.size === 0) continue;
    if (
      best === undefined ||
      shareOf(one) > shareOf(best) ||
      (shareOf(one) === shareOf(best) && one.whose === 'own')
    )
      best = one;
  }
  return best;
}

const shareOf = ({ changes, unchanged }: Candidate): number => changes.size / (changes.size + unchanged);
