/**
 * Which keys shadow looks at where traffic is heavy: of 2^depth keys one, by a digest, with all requests for it. Each request that
 * is looked at stands for `weight` like it.
 *
 * Promises: three requests of a hundred go through the whole second pipeline for long, ten more each second, and a thousand more at
 * first; a key that is left out never comes back under the same configuration, so no copy is missed only because nobody looked before;
 * keys that are often asked for stay, since few of them make most of the hits, and count for as many as when they came.
 *
 * Sampled keys with counted weights predict a cache's hit rate (Waldspurger et al., *Efficient MRC Construction with SHARDS*,
 * FAST 2015).
 */

import { BoundedMap } from '../kit/bounded-map.ts';
import type { CacheKey } from '../policy/key/cache-key.ts';

/** `group`: one of sixteen, by the key, to see how much the sample decides. */
export type Look = { readonly weight: number; readonly group: number };

type Kept = { look: Look; asked: number; depth: number };

/** A request that stands for itself. */
export const certain: Look = { weight: 1, group: 0 };

export const groups = 16;
const mostKept = 20_000;
const budget = { perSecond: 10, perRequest: 0.03, burst: 1000, again: 250 };
const deepest = 12;
/** Asked for more often than this, at the first thinning; twice as often at each further one. */
const oftenAsked = 6;

/** The sample of one configuration. */
export class KeySample {
  readonly #kept = new BoundedMap<CacheKey, Kept>(mostKept);
  #depth = 0;
  #left = budget.burst;
  #filledMs: number | undefined;

  /** The share of new keys that is looked at. */
  get share(): number {
    return 1 / 2 ** this.#depth;
  }

  /** Any request in shadow: with more of them, more may go through the whole pipeline. */
  onRequest(): void {
    this.#left += budget.perRequest;
  }

  /** A request for a key; `undefined`: it is left out. */
  look(key: CacheKey): Look | undefined {
    let kept = this.#kept.get(key);
    if (kept === undefined) {
      if (!isIn(key, this.#depth)) return undefined;
      kept = { look: lookOf(key, this.#depth), asked: 0, depth: this.#depth };
      this.#kept.set(key, kept);
    }
    kept.asked += 1;
    while (kept.depth < this.#depth) {
      kept.depth += 1;
      if (kept.asked > oftenAsked * 2 ** (kept.depth - 1)) continue;
      if (!isIn(key, kept.depth)) {
        this.#kept.delete(key);
        return undefined;
      }
      kept.look = lookOf(key, kept.depth);
    }
    return kept.look;
  }

  /** How many keys this one stands for. */
  weightOf(key: CacheKey): number {
    return this.#kept.get(key)?.look.weight ?? 2 ** this.#depth;
  }

  /** A request goes through the whole pipeline: where too many do, half of the keys are left out. */
  spend(nowMs: number): void {
    const elapsedMs = Math.max(0, nowMs - (this.#filledMs ?? nowMs));
    this.#filledMs = nowMs;
    this.#left = Math.min(budget.burst, this.#left + (elapsedMs / 1000) * budget.perSecond) - 1;
    if (this.#left >= 0 || this.#depth >= deepest) return;
    this.#depth += 1;
    this.#left = budget.again;
  }
}

const digestOf = (key: CacheKey): number => Number.parseInt(key.slice(0, 8), 16);
const isIn = (key: CacheKey, depth: number): boolean => depth === 0 || digestOf(key) % 2 ** depth === 0;

/** The group is in bits that no depth looks at. */
const lookOf = (key: CacheKey, depth: number): Look =>
  depth === 0 ? certain : { weight: 2 ** depth, group: (digestOf(key) >>> 16) % groups };
