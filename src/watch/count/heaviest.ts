/**
 * Finds the heaviest of very many keys in bounded memory.
 *
 * Counts are kept for at most twice `keep` keys: when there are more, the lighter half is forgotten. Heavy keys stay and are
 * counted exactly; light ones may be forgotten and start again. Weights fade by `fade`, so that yesterday's heavy keys make
 * room.
 */

/** Keys are ordered by `weight`. It fades; the counts do not. */
export type Weighed<Label> = { weight: number; count: number; seconds: number; readonly label: Label };

/** The heaviest keys, each with a label given once. */
export class Heaviest<Label> {
  readonly #keep: number;
  readonly #map = new Map<string, Weighed<Label>>();

  constructor(keep: number) {
    this.#keep = keep;
  }

  get size(): number {
    return this.#map.size;
  }

  /** Adds to a known key and returns its label; `undefined`: unknown, so `insert` it. */
  bump(key: string, weight: number, seconds: number): Label | undefined {
    const known = this.#map.get(key);
    if (known === undefined) return undefined;
    known.weight += weight;
    known.count += 1;
    known.seconds += seconds;
    return known.label;
  }

  insert(key: string, weighed: Omit<Weighed<Label>, 'count'>): void {
    this.#map.set(key, { ...weighed, count: 1 });
    if (this.#map.size > this.#keep * 2) this.#forgetLight();
  }

  /** Multiplies every weight by `factor`. */
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
