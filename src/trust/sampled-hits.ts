/**
 * How sure is a hit rate that was counted of a sample of keys? (pure)
 *
 * Requests for one key are hits or misses together, so the sample says less than its requests are many. The keys are cut into
 * groups at random, and the spread between these says how many independent requests the sample is worth (random groups: Wolter,
 * *Introduction to Variance Estimation*, ch. 2). Wilson's interval is taken of that many. Keys that stand for themselves alone add
 * nothing to the spread.
 */

import { type Interval, wilson, z } from '../kit/wilson.ts';
import { certain, groups, type Look } from './key-sample.ts';

/** Student's t, 97.5 %, for 15 degrees of freedom. */
const t15 = 2.131;

/** Counts requests. */
export class SampledHits {
  #reads = 0;
  #hits = 0;
  #squares = 0;
  #byGroup: { readonly reads: Float64Array; readonly hits: Float64Array } | undefined;

  add({ weight, group }: Look, isHit: boolean): void {
    const hits = isHit ? weight : 0;
    this.#reads += weight;
    this.#hits += hits;
    this.#squares += weight * weight;
    if (weight === certain.weight) return;
    this.#byGroup ??= { reads: new Float64Array(groups), hits: new Float64Array(groups) };
    this.#byGroup.reads[group] = (this.#byGroup.reads[group] ?? 0) + weight;
    this.#byGroup.hits[group] = (this.#byGroup.hits[group] ?? 0) + hits;
  }

  /** Where the hit rate lies with 95 % confidence. */
  interval(): Interval {
    if (this.#byGroup === undefined) return wilson(this.#hits, this.#reads);
    const share = this.#hits / this.#reads;
    const looks = this.#reads ** 2 / this.#squares;
    const spread = share * (1 - share);
    const worth = spread === 0 ? looks : spread / (spread / looks + this.#variance(share) * (t15 / z) ** 2);
    return wilson(share * worth, worth);
  }

  #variance(share: number): number {
    const { reads, hits } = this.#byGroup ?? { reads: [], hits: [] };
    const off = Array.from(reads, (all, group) => (hits[group] ?? 0) - share * all);
    const mean = off.reduce((sum, one) => sum + one, 0) / groups;
    const squares = off.reduce((sum, one) => sum + (one - mean) ** 2, 0);
    return ((groups / (groups - 1)) * squares) / this.#reads ** 2;
  }
}
