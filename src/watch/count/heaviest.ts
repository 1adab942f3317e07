/**
 * The few of very many that weigh most, in bounded memory.
 *
 * Counts are kept for at most twice `keep` keys: when there are more, the lighter half is forgotten. What is heavy stays
 * and is counted exactly; what is light may be forgotten and begin again. Weights fade by `fade`, so that what was heavy
 * yesterday makes room.
 */

/** What is known of one key. `weight` is what they are ordered by; it fades, the counts do not. */
export type Weighed<Label> = { weight: number; count: number; seconds: number; readonly label: Label };

/** The heaviest keys, each with a label that is given once. */
export class Heaviest<Label> {
  readonly #keep: number;
  readonly #map = new Map<string, Weighed<Label>>();

  constructor(keep: number) {
    this.#keep = keep;
  }

  get size(): number {
    return this.#map.size;
  }

  /** Adds to a key that is known, and gives its label; `undefined`: it is not, `insert` it. */
  bump(key: string, weight: number, seconds: number): Label | undefined {
    const known = this.#map.get(key);
    if (known === undefined) return undefined;
    known.weight += weight;
    known.count += 1;
    known.seconds += seconds;
    return known.label;
  }

  /** Begins to count a key. */
  insert(key: string, weighed: Omit<Weighed<Label>, 'count'>): void {
    this.#map.set(key, { ...weighed, count: 1 });
    if (this.#map.size > this.#keep * 2) this.#forgetLight();
  }

  /** Every weight times `factor`. */
  fade(factor: number): void {
    for (const weighed of this.#map.values()) weighed.weight *= factor;
  }

  /** The heaviest first. */
  top(count: number): { readonly key: string; readonly weighed: Readonly<Weighed<Label>> }[] {
    return this.#sorted()
      .slice(0, count)
      .map(([key, weighed]) => ({ key, weighed }));
  }

  #sorted(): [string, Weighed<Label>][] {
    return [...this.#map].sort(([, a], [, b]) => b.weight - a.weight);
  }

  #forgetLight(): void {
    for (const [key] of this.#sorted().slice(this.#keep)) this.#map.delete(key);
  }
}
