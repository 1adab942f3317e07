/**
 * Counts what a cache would have given, or has given, against what the origin gives: in all, by type, by route and by URL
 * pattern. Bounded: a thousand patterns, twenty examples.
 */

import { BoundedMap } from '../kit/bounded-map.ts';
import type { EpochMs, Seconds } from '../kit/time.ts';
import type { Outcome } from '../proxy/exchange/outcome.ts';
import type { Difference } from './compare-bodies.ts';
import type { Judgement } from './judge.ts';
import { certain, type Look } from './key-sample.ts';
import { SampledHits } from './sampled-hits.ts';
import { type Compared, ShareInTime } from './share-in-time.ts';
import { urlPattern } from './url-pattern.ts';
import type { WriteSeen } from './writes-seen.ts';

export type Subject = Pick<Outcome, 'contentType' | 'route' | 'target'> & {
  /** How much of its lifetime the copy had behind it. */
  readonly age?: string;
  /** Of the target; absent: to be computed. */
  readonly pattern?: string;
};

export type Verdict =
  | { readonly kind: Exclude<Judgement['kind'], 'unjudged'> }
  | { readonly kind: 'unjudged'; readonly reason: Extract<Judgement, { kind: 'unjudged' }>['reason'] };

export type JudgedCopy = Omit<Compared, 'isStale'> & { readonly cause: StaleCause };

/** What was counted in one place. */
export type Counts = {
  reads: number;
  hits: number;
  same: number;
  noise: number;
  stale: number;
  savedSeconds: number;
  readonly causes: Map<StaleCause, number>;
  readonly misses: Map<string, number>;
  readonly unjudged: Map<string, number>;
  readonly hitsInSample: SampledHits;
  /** Of the copies compared, those that were stale. */
  readonly staleInTime: ShareInTime;
};

/** `write`: one was seen since the copy was last known to be right. `time`: none was, so the page changed by itself. */
export type StaleCause = 'write' | 'time';

/** A stale copy: whose it was is not kept. */
export type Example = {
  readonly at: EpochMs;
  readonly subject: Subject;
  readonly age: Seconds;
  readonly cause: StaleCause;
  /** When it was last seen to be right, and the writes after that. */
  readonly rightAt: EpochMs;
  readonly writes: readonly WriteSeen[];
  readonly places: readonly Difference[];
};

const mostPatterns = 1000;
const mostExamples = 20;
/** Of one pattern, so that a page that always differs does not hide others. */
const mostOfPattern = 3;

/** The counts. */
export class Ledger {
  readonly since: EpochMs;
  readonly total = newCounts();
  readonly types = new Map<string, Counts>();
  readonly ages = new Map<string, Counts>();
  readonly routes = new BoundedMap<string, Counts>(mostPatterns);
  readonly patterns = new BoundedMap<string, Counts>(mostPatterns);
  readonly examples: Example[] = [];

  constructor(since: EpochMs) {
    this.since = since;
  }

  /** `look`: how many requests it stands for. */
  hit(subject: Subject, saved: Seconds, look: Look = certain): void {
    for (const counts of this.#of(subject)) {
      counts.reads += look.weight;
      counts.hits += look.weight;
      counts.savedSeconds += look.weight * saved;
      counts.hitsInSample.add(look, true);
    }
  }

  miss(subject: Subject, reason: string, look: Look = certain): void {
    for (const counts of this.#of(subject)) {
      counts.reads += look.weight;
      countUp(counts.misses, reason, look.weight);
      counts.hitsInSample.add(look, false);
    }
  }

  /** `copy`: when it was asked for, and when it was given. */
  judged(subject: Subject, judgement: Verdict, copy: JudgedCopy): void {
    const isStale = judgement.kind === 'stale';
    for (const counts of this.#of(subject)) {
      if (isStale) countUp(counts.causes, copy.cause);
      if (judgement.kind === 'unjudged') countUp(counts.unjudged, judgement.reason);
      else {
        counts[judgement.kind] += 1;
        counts.staleInTime.add({ ...copy, isStale });
      }
    }
  }

  /** Keeps the latest few of each pattern. */
  example(example: Example): void {
    const pattern = patternOf(example.subject);
    const alike = this.examples.filter(({ subject }) => patternOf(subject) === pattern);
    const oldest = alike.length >= mostOfPattern ? alike[0] : undefined;
    if (oldest !== undefined) this.examples.splice(this.examples.indexOf(oldest), 1);
    this.examples.push(example);
    if (this.examples.length > mostExamples) this.examples.shift();
  }

  #of(subject: Subject): readonly Counts[] {
    const { contentType, route = '(unmatched)', age } = subject;
    return [
      ...(age === undefined ? [] : [of(this.ages, age)]),
      this.total,
      of(this.types, contentType),
      of(this.routes, route),
      of(this.patterns, patternOf(subject)),
    ];
  }
}

/** The URL pattern that a request is counted under. */
export const patternOf = ({ target, pattern }: Pick<Subject, 'target' | 'pattern'>): string =>
  pattern ?? urlPattern(target);

function newCounts(): Counts {
  const none = { reads: 0, hits: 0, same: 0, noise: 0, stale: 0, savedSeconds: 0 };
  return {
    ...none,
    causes: new Map(),
    misses: new Map(),
    unjudged: new Map(),
    hitsInSample: new SampledHits(),
    staleInTime: new ShareInTime(),
  };
}

function of(
  all: Pick<Map<string, Counts>, 'get'> & { set: (name: string, counts: Counts) => unknown },
  name: string,
) {
  const before = all.get(name);
  if (before !== undefined) return before;
  const counts = newCounts();
  all.set(name, counts);
  return counts;
}

function countUp<Name extends string>(counts: Map<Name, number>, name: Name, by = 1): void {
  counts.set(name, (counts.get(name) ?? 0) + by);
}
