/**
 * What is made of stored things when somebody looks, kept for those looked at lately. Time goes in turns: what nobody looked
 * at for a whole turn is dropped.
 *
 * Promises: looking again costs a comparison; at most `most` views are kept, and half as many of the latest always are.
 */

/** Something that can be viewed. `turn`: when somebody last looked, 0 at first. */
export type Viewed<View> = { view: View | undefined; turn: number };

/** The views of one store. */
export class HotViews<View, Thing extends Viewed<View>> {
  readonly #half: number;
  readonly #make: (thing: Thing) => View;
  #turn = 1;
  #seen: Thing[] = [];
  #seenBefore: Thing[] = [];

  constructor(most: number, make: (thing: Thing) => View) {
    this.#half = Math.max(1, Math.floor(most / 2));
    this.#make = make;
  }

  /** The view of a thing: the same object each time, as long as it is looked at often enough. */
  of(thing: Thing): View {
    if (thing.turn !== this.#turn) this.#note(thing);
    return (thing.view ??= this.#make(thing));
  }

  /** Has a view made elsewhere, as if somebody had looked. */
  keep(thing: Thing, view: View): void {
    if (thing.turn !== this.#turn) this.#note(thing);
    thing.view = view;
  }

  #note(thing: Thing): void {
    thing.turn = this.#turn;
    this.#seen.push(thing);
    if (this.#seen.length < this.#half) return;
    for (const before of this.#seenBefore) if (before.turn !== this.#turn) before.view = undefined;
    this.#seenBefore = this.#seen;
    this.#seen = [];
    this.#turn += 1;
  }
}
