/**
 * How sure is a share of stale copies that was counted while time went by? (pure)
 *
 * Copies are not stale independently of each other: a page that changes makes every copy of it stale, for all who ask, until
 * they end; a deployment does so with all pages at once. Counted as if they were independent, such bursts give an interval that
 * is far too narrow. So two things are added up:
 *
 * What was seen. The time is cut into at most 32 spans, each longer than copies live, and the spread of the share between
 * them says how many independent copies the sample is worth (batch means: Law, *Simulation Modeling and Analysis*, §9.5.3; the
 * effective sample size of Korn and Graubard, *Survey Methodology* 24(2), 1998, with Student's t for few spans). Wilson's interval is
 * taken of that many.
 *
 * What may have gone unseen. A change of all pages that happens λ times a second makes the share λa of the copies stale, where a is
 * their mean age when given. If none has happened in T seconds, that share is as uncertain as if T / a copies had been compared.
 * Its upper end is added as that of an independent share (Zou and Donner, *Statistics in Medicine* 27, 2008).
 */

import type { EpochMs } from '../kit/time.ts';
import { type Interval, wilson, z } from '../kit/wilson.ts';

/** One comparison: of a copy that was fetched at `from` and given at `at`. `weight`: how many like it there are; absent: it alone. */
export type Compared = {
  readonly isStale: boolean;
  readonly from: EpochMs;
  readonly at: EpochMs;
  readonly weight?: number | undefined;
};

type Span = { of: number; stale: number };

const mostSpans = 32;
const firstSpanMs = 1000;
/** Spans are so many times the mean age of a copy: twice what copies live, if they are given evenly through their lives. */
const spanAges = 4;

/** Counts comparisons, in the order of time. */
export class ShareInTime {
  #of = 0;
  #stale = 0;
  #squares = 0;
  #startedAt: EpochMs | undefined;
  #spanMs = firstSpanMs;
  #spans: Span[] = [];
  #agesMs = 0;
  #watchedMs = 0;
  #watchedUntil = 0;

  add({ isStale, from, at, weight = 1 }: Compared): void {
    this.#startedAt ??= at;
    this.#of += weight;
    this.#squares += weight * weight;
    this.#agesMs += weight * Math.max(0, at - from);
    this.#watchedMs += Math.max(0, at - Math.max(from, this.#watchedUntil));
    this.#watchedUntil = Math.max(at, this.#watchedUntil);
    const span = this.#spanAt(Math.max(0, at - this.#startedAt));
    span.of += weight;
    if (!isStale) return;
    this.#stale += weight;
    span.stale += weight;
  }

  get share(): number {
    return this.#of === 0 ? 0 : this.#stale / this.#of;
  }

  /** Where the share lies with 95 % confidence. */
  interval(): Interval {
    if (this.#of === 0) return { low: 0, high: 1 };
    const { share } = this;
    // Of unequal weights: so many of equal ones say as much (Kish, *Survey Sampling*, 1965).
    const of = this.#of ** 2 / this.#squares;
    // What a change of all pages at once would be seen in.
    const moments = this.#agesMs === 0 ? of : Math.min(of, (this.#of * this.#watchedMs) / this.#agesMs);
    const unseen = wilson(0, moments).high;
    if (share === 0) return { low: 0, high: unseen };
    const worth = share === 1 ? moments : Math.min(of, this.#worth(share, moments));
    const seen = wilson(share * worth, worth);
    return {
      low: Math.min(seen.low, lowerEnd(share, worth)),
      high: Math.min(1, share + Math.hypot(seen.high - share, unseen)),
    };
  }

  /** How many independent comparisons say as much. */
  #worth(share: number, moments: number): number {
    const spans = this.#independentSpans();
    // All in one: it may have been one change.
    if (spans.length < 2) return Math.max((1 - share) / share, moments);
    const squares = spans.reduce((sum, { of, stale }) => sum + (stale - share * of) ** 2, 0);
    const variance = ((spans.length / (spans.length - 1)) * squares) / this.#of ** 2;
    return ((share * (1 - share)) / variance) * (z / studentsT(spans.length - 1)) ** 2;
  }

  #independentSpans(): readonly Span[] {
    const least = (spanAges * this.#agesMs) / this.#of;
    let spans: readonly Span[] = this.#spans;
    for (let ms = this.#spanMs; ms < least && spans.length > 1; ms *= 2) spans = inPairs(spans);
    return spans.filter((span) => span.of > 0);
  }

  #spanAt(sinceMs: number): Span {
    while (sinceMs >= this.#spanMs * mostSpans) {
      this.#spans = inPairs(this.#spans);
      this.#spanMs *= 2;
    }
    const index = Math.floor(sinceMs / this.#spanMs);
    while (this.#spans.length <= index) this.#spans.push({ of: 0, stale: 0 });
    return this.#spans[index] ?? { of: 0, stale: 0 };
  }
}

function inPairs(spans: readonly Span[]): Span[] {
  const pairs: Span[] = [];
  for (let at = 0; at < spans.length; at += 2) {
    const [one, other] = [spans[at], spans[at + 1]];
    pairs.push({ of: (one?.of ?? 0) + (other?.of ?? 0), stale: (one?.stale ?? 0) + (other?.stale ?? 0) });
  }
  return pairs;
}

/** Wilson's, corrected for continuity: few bursts make few effective copies (Newcombe, *Statistics in Medicine* 17, 1998, method 4). */
function lowerEnd(share: number, of: number): number {
  // It is 0 there, and rises again below.
  if (of * share <= 0.5) return 0;
  const square = z * z;
  const root = Math.sqrt(Math.max(0, square - 2 - 1 / of + 4 * share * (of * (1 - share) + 1)));
  return Math.max(0, (2 * of * share + square - 1 - z * root) / (2 * (of + square)));
}

/** The 97.5 % quantile of Student's t (Abramowitz and Stegun 26.7.5; exact where the series is not good). */
function studentsT(freedom: number): number {
  const [one, two] = [12.706, 4.303];
  if (freedom < 3) return freedom === 1 ? one : two;
  const terms = [
    z,
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
  ];
  return terms.reduce((sum, term, at) => sum + term / freedom ** at, 0);
}
