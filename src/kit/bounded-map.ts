/** A map that never holds more than `limit` keys: the one not used for longest goes first. */

/** Least-recently-used map. `get` counts as use. */
export class BoundedMap<Key, Value> {
  readonly #limit: number;
  readonly #map = new Map<Key, Value>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#map.size;
  }

  get(key: Key): Value | undefined {
    const value = this.#map.get(key);
    if (value === undefined) return undefined;
    // Reordering on every read would cost a delete and an insert; it matters only when something is about to be dropped.
    if (this.#map.size * 2 > this.#limit) {
      this.#map.delete(key);
      this.#map.set(key, value);
    }
    return value;
  }

  set(key: Key, value: Value): void {
    this.#map.delete(key);
    this.#map.set(key, value);
    if (this.#map.size <= this.#limit) return;
    const oldest = this.#map.keys().next();
    if (!oldest.done) this.#map.delete(oldest.value);
  }

  delete(key: Key): boolean {
    return this.#map.delete(key);
  }

  clear(): void {
    this.#map.clear();
  }

  entries(): IterableIterator<[Key, Value]> {
    return this.#map.entries();
  }
}
