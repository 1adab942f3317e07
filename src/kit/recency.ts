/** Things in order of use, oldest first: a list linked through the things themselves, which costs no memory beside them. */

/** What can stand in one such list. */
export type Linked<Self> = { older: Self | undefined; newer: Self | undefined };

/** The order. A thing stands in it at most once. */
export class Recency<Thing extends Linked<Thing>> {
  #oldest: Thing | undefined;
  #newest: Thing | undefined;

  get oldest(): Thing | undefined {
    return this.#oldest;
  }

  /** Adds a thing as the newest. */
  add(thing: Thing): void {
    thing.older = this.#newest;
    thing.newer = undefined;
    if (this.#newest === undefined) this.#oldest = thing;
    else this.#newest.newer = thing;
    this.#newest = thing;
  }

  remove(thing: Thing): void {
    const { older, newer } = thing;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    thing.older = undefined;
    thing.newer = undefined;
  }

  /** It has been used. */
  renew(thing: Thing): void {
    if (thing === this.#newest) return;
    this.remove(thing);
    this.add(thing);
  }
}
