/**
 * Which writes are followed by changes of which pages, where no purge met the copy: a learned map from write patterns to routes.
 *
 * Each interval between two looks at a page counts for every write in it. So that a page which changes often by itself is not
 * taken for an effect, the same is counted for the writes in the interval of the same length just before (a time-shifted
 * comparison: there the site is as busy, but the writes cannot be the cause), and for all intervals without the write. So that a write which only accompanies another is
 * not taken for the cause, intervals with one kind of write alone count apart.
 *
 * Promise: memory is bounded: 512 writes, 2,000 pairs of a route and a write.
 */

import { BoundedMap } from '../../kit/bounded-map.ts';
import type { EpochMs } from '../../kit/time.ts';
import type { WriteSeen } from '../writes-seen.ts';

/** Intervals, and in how many of them the page changed. */
export type Share = { intervals: number; changed: number };

export type WriteEffect = {
  readonly contentType: string;
  readonly route: string;
  readonly write: Pick<WriteSeen, 'method' | 'pattern'>;
  /** All of the route; with this write in the interval, with it alone, and with it just before the interval only. */
  readonly all: Share;
  readonly within: Share;
  readonly alone: Share;
  readonly shifted: Share;
  /** How many different writes were followed by a change. */
  writes: number;
  lastWriteAt: number;
};

export type LookedAt = {
  readonly contentType: string;
  readonly route: string;
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly hasChanged: boolean;
};

const mostPairs = 2000;
/** With more kinds of writes nobody can tell which it was. */
const mostKinds = 8;

/** The map. */
export class WriteEffects {
  readonly #effects = new BoundedMap<string, WriteEffect>(mostPairs);
  readonly #routes = new BoundedMap<string, Share>(mostPairs);
  readonly #between: (from: EpochMs, to: EpochMs) => readonly WriteSeen[];

  /** `between`: the writes after one instant, up to another. */
  constructor(between: (from: EpochMs, to: EpochMs) => readonly WriteSeen[]) {
    this.#between = between;
  }

  /** A page was looked at twice. */
  saw(looked: LookedAt): void {
    const { from, to } = looked;
    const within = byKind(this.#between(from, to));
    const shifted = byKind(this.#between((2 * from - to) as EpochMs, from));
    if (within.size > mostKinds) return;
    count(this.#allOf(looked), looked);
    for (const write of within.values()) {
      const effect = this.#of(looked, write);
      count(effect.within, looked);
      if (within.size === 1) count(effect.alone, looked);
      if (!looked.hasChanged || write.at <= effect.lastWriteAt) continue;
      effect.writes += 1;
      effect.lastWriteAt = write.at;
    }
    for (const [kind, write] of shifted)
      if (!within.has(kind)) count(this.#of(looked, write).shifted, looked);
  }

  all(): readonly WriteEffect[] {
    return [...this.#effects.entries()].map(([, effect]) => effect);
  }

  #allOf({ contentType, route }: Pick<LookedAt, 'contentType' | 'route'>): Share {
    const id = `${contentType}\n${route}`;
    const known = this.#routes.get(id) ?? none();
    this.#routes.set(id, known);
    return known;
  }

  #of({ contentType, route }: LookedAt, { method, pattern }: WriteSeen): WriteEffect {
    const id = `${contentType}\n${route}\n${method} ${pattern}`;
    const known = this.#effects.get(id);
    if (known !== undefined) return known;
    const shares = {
      all: this.#allOf({ contentType, route }),
      within: none(),
      alone: none(),
      shifted: none(),
    };
    const effect = { contentType, route, write: { method, pattern }, ...shares, writes: 0, lastWriteAt: 0 };
    this.#effects.set(id, effect);
    return effect;
  }
}

const none = (): Share => ({ intervals: 0, changed: 0 });

function count(share: Share, { hasChanged }: LookedAt): void {
  share.intervals += 1;
  share.changed += hasChanged ? 1 : 0;
}

/** The last of each kind. */
const byKind = (writes: readonly WriteSeen[]): ReadonlyMap<string, WriteSeen> =>
  new Map(writes.map((write) => [`${write.method} ${write.pattern}`, write]));
