/**
 * When pages were seen to be the same, and when not: what the advice on lifetimes is made of. It hears of every answer that is
 * stored, or would be, and of every copy that shadow or the audit has compared.
 *
 * Promises: an interval in which a purge met the copy counts for nothing, for it does not tell what the page does by itself; nor
 * does one whose ends differ where the page is known to differ each time. After a change is seen, the copy counts no more. Memory
 * is bounded: ten thousand copies by digest (about 4 MB), a thousand routes (a kilobyte each), and as many types by hour.
 */

import { BoundedMap } from '../../kit/bounded-map.ts';
import { between, type EpochMs, type Seconds } from '../../kit/time.ts';
import type { Position } from '../../store/purge-log.ts';
import { samplePath } from '../url-pattern.ts';
import type { LookedAt } from './write-effects.ts';
import type { Intervals, Seen } from './change-rate.ts';

/** Which copy, of what, seen when. */
export type Sighting = {
  /** Short, and no other copy's. */
  readonly name: string;
  readonly contentType: string;
  readonly route: string;
  readonly at: EpochMs;
  /** Of the day, in the operator's time zone. */
  readonly hour: number;
};

export type StoredCopy = Sighting & {
  readonly digest: string;
  readonly target: string;
  readonly asOf: Position;
  readonly lifetime: Seconds;
  /** The lifetime is the origin's word, not the rule's. */
  readonly isBound: boolean;
  readonly originSeconds: Seconds;
};

export type JudgedCopy = Sighting & { readonly fetchedAt: EpochMs; readonly isStale: boolean };

/** What happened to pages between `stored` and now, that their digests do not show. */
export type Between = {
  /** Whether a purge later than this position meets the copy. */
  readonly isPurged: (since: Position) => boolean;
  /** Whether the page is known to differ each time. */
  readonly isNoisy: boolean;
};

type Tracked = {
  readonly digest: string;
  readonly at: EpochMs;
  readonly asOf: Position;
  rightAt: EpochMs;
  isOver: boolean;
  /** Whether two looks ever found the same: else it may differ each time. */
  wasSame: boolean;
};

const mostCopies = 10_000;
/** Routes, and content types. */
const mostNames = 1000;

/** What was seen. */
export class ChangeTimes {
  readonly #onLook: (looked: LookedAt) => void;
  readonly #copies = new BoundedMap<string, Tracked>(mostCopies);
  readonly #routes = new Map<string, RouteSeries>();
  readonly #types = new Map<string, Map<number, Series>>();

  /** `onLook` hears of every interval that tells whether a page changed. */
  constructor(onLook: (looked: LookedAt) => void) {
    this.#onLook = onLook;
  }

  /** An answer is stored, or would be. */
  stored(copy: StoredCopy, { isPurged, isNoisy }: Between): void {
    const { name, digest, at, asOf } = copy;
    const before = this.#copies.get(name);
    const isSame = before?.digest === digest;
    const wasSame = isSame || before?.wasSame === true;
    this.#copies.set(name, { digest, at, asOf, rightAt: at, isOver: false, wasSame });
    for (const series of this.#of(copy)) series.live(copy);
    if (before === undefined || at <= before.at || isPurged(before.asOf)) return;
    for (const series of this.#of(copy)) series.refetched.add(between(before.at, at));
    if (before.isOver) return;
    const found = isSame ? 'same' : wasSame ? 'changed' : 'suspect';
    if (isSame || !isNoisy) this.#note(copy, { from: before.rightAt, to: at, found });
  }

  /** A copy was compared with what the origin gives. */
  judged(copy: JudgedCopy): void {
    const known = this.#copies.get(copy.name);
    if (known === undefined || known.at !== copy.fetchedAt || known.isOver || copy.at <= known.rightAt)
      return;
    this.#note(copy, { from: known.rightAt, to: copy.at, found: copy.isStale ? 'changed' : 'same' });
    known.isOver = copy.isStale;
    known.wasSame ||= !copy.isStale;
    known.rightAt = copy.at;
  }

  /** Other rules are in force: how long copies lived under those before says nothing about these. */
  forgetLifetimes(): void {
    const all = [
      ...this.#routes.values(),
      ...[...this.#types.values()].flatMap((hours) => [...hours.values()]),
    ];
    for (const series of all) series.forgetLifetimes();
  }

  /** By route. */
  routes(): readonly RouteSeries[] {
    return [...this.#routes.values()];
  }

  /** By hour of the day of a content type. */
  hours(contentType: string): ReadonlyMap<number, Series> {
    return this.#types.get(contentType) ?? new Map<number, Series>();
  }

  #note(copy: Sighting, seen: SeenInterval): void {
    for (const series of this.#of(copy)) series.see(seen);
    const { contentType, route } = copy;
    const { from, to, found } = seen;
    if (found !== 'suspect') this.#onLook({ contentType, route, from, to, hasChanged: found === 'changed' });
  }

  #of({ contentType, route, hour }: Sighting): readonly Series[] {
    const ofRoute = kept(this.#routes, `${contentType}\n${route}`, () => new RouteSeries(contentType, route));
    const hours = kept(this.#types, contentType, () => new Map<number, Series>());
    const ofHour = hours && kept(hours, hour, () => new Series());
    return [ofRoute, ofHour].filter((series) => series !== undefined);
  }
}

/** What does not fit is not counted. */
function kept<Name, Value>(all: Map<Name, Value>, name: Name, create: () => Value): Value | undefined {
  const before = all.get(name);
  if (before !== undefined || all.size >= mostNames) return before;
  const value = create();
  all.set(name, value);
  return value;
}

/** `suspect`: other bytes, of a page that was never seen the same twice: news, or noise. */
export type SeenInterval = {
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly found: 'same' | 'changed' | 'suspect';
};

/** What was seen of pages that count together. */
export class Series {
  readonly same = new Bins();
  readonly changed = new Bins();
  readonly suspect = new Bins();
  /** From each fetch to the next of the same copy. */
  readonly refetched = new Bins();
  stored = 0;
  bound = 0;
  lifetimeSeconds = 0;
  originSeconds = 0;
  sample: string | undefined;
  /** How many changes there were at least: intervals that do not overlap. */
  moments = 0;
  firstAt: EpochMs | undefined;
  lastAt: EpochMs | undefined;
  /** Since when refetches count. */
  livedSince: EpochMs | undefined;
  #momentUntil = -Infinity;

  see({ from, to, found }: SeenInterval): void {
    this[found].add(between(from, to));
    this.firstAt = this.firstAt === undefined || from < this.firstAt ? from : this.firstAt;
    this.lastAt = this.lastAt === undefined || to > this.lastAt ? to : this.lastAt;
    if (found !== 'changed' || from < this.#momentUntil) return;
    this.moments += 1;
    this.#momentUntil = to;
  }

  live({ lifetime, originSeconds, isBound, at, target }: StoredCopy): void {
    this.livedSince ??= at;
    this.sample ??= samplePath(target);
    this.stored += 1;
    this.bound += isBound ? 1 : 0;
    this.lifetimeSeconds += lifetime;
    this.originSeconds += originSeconds;
  }

  forgetLifetimes(): void {
    this.refetched.clear();
    this.stored = 0;
    this.bound = 0;
    this.lifetimeSeconds = 0;
    this.originSeconds = 0;
    this.livedSince = undefined;
  }

  seen(): Seen {
    return { same: this.same.intervals(), changed: this.changed.intervals() };
  }

  /** With all that may have been a change. */
  seenAtWorst(): Seen {
    const { same, changed } = this.seen();
    return { same, changed: [...changed, ...this.suspect.intervals()] };
  }
}

/** The series of a route under a content type. */
export class RouteSeries extends Series {
  readonly contentType: string;
  readonly route: string;

  constructor(contentType: string, route: string) {
    super();
    this.contentType = contentType;
    this.route = route;
  }
}

const bins = 28;

/** Intervals counted by length: each bin is twice as long as the one before, from 1/16 s to 97 days. */
class Bins {
  readonly #counts = new Float64Array(bins);
  readonly #seconds = new Float64Array(bins);

  add(seconds: Seconds): void {
    const bin = Math.min(bins - 1, Math.max(0, Math.floor(Math.log2(Math.max(seconds, 1 / 16))) + 4));
    this.#counts[bin] = (this.#counts[bin] ?? 0) + 1;
    this.#seconds[bin] = (this.#seconds[bin] ?? 0) + seconds;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#seconds.fill(0);
  }

  intervals(): Intervals[] {
    return [...this.#counts].flatMap((count, bin) =>
      count === 0 ? [] : [{ count, seconds: (this.#seconds[bin] ?? 0) / count }],
    );
  }
}
