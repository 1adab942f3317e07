/** Remembers keys, so that a hit computes none. The lookup text is injective: each piece has its length before it. */

import { BoundedMap } from '../../kit/bounded-map.ts';

type KeyMaterial = {
  readonly scheme: string;
  readonly host: string;
  readonly path: string;
  readonly query: string | undefined;
  readonly values: readonly (string | null)[];
};

const mostKeys = 4096;
const longestText = 512;

/** The keys of one configuration; in another the same values may mean something else. */
export class KeyMemo<Key extends string> {
  readonly #keys = new BoundedMap<string, Key>(mostKeys);

  keyOf(material: KeyMaterial, compute: () => Key): Key {
    const text = textOf(material);
    if (text.length > longestText) return compute();
    const before = this.#keys.get(text);
    if (before !== undefined) return before;
    const key = compute();
    this.#keys.set(text, key);
    return key;
  }
}

function textOf({ scheme, host, path, query, values }: KeyMaterial): string {
  let text = scheme + measured(host) + measured(path) + measured(query ?? null);
  for (const value of values) text += measured(value);
  return text;
}

const measured = (value: string | null): string => (value === null ? '-' : `${value.length}:${value}`);
