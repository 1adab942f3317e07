/**
 * What is under way, by key.
 *
 * Promise: what has ended is not kept alive. A Map that makes room for more leaves its former table behind, which points to
 * the next one; once such a table has grown old, minor collections free nothing that any of them held.
 */

type Place<Value> = { value: Value | undefined };

/** A map of what begins and ends all the time. */
export class UnderWay<Key, Value> {
  readonly #places = new Map<Key, Place<Value>>();

  get size(): number {
    return this.#places.size;
  }

  get(key: Key): Value | undefined {
    return this.#places.get(key)?.value;
  }

  has(key: Key): boolean {
    return this.#places.has(key);
  }

  set(key: Key, value: Value): void {
    this.delete(key);
    this.#places.set(key, { value });
  }

  delete(key: Key): void {
    const place = this.#places.get(key);
    if (place === undefined) return;
    place.value = undefined;
    this.#places.delete(key);
  }

  *values(): Iterable<Value> {
    for (const { value } of this.#places.values()) if (value !== undefined) yield value;
  }
}
