/**
 * The names met most often lately, with something known of each.
 *
 * Counts fade: one of half a life ago weighs half. A name that is not among those kept takes the place of the lightest of a
 * few, with a probability that falls with that one's weight, and inherits it (randomised admission: Ben Basat et al.,
 * "Randomized Admission Policy for Efficient Top-k and Frequency Estimation", 2017): a flood of names met once pushes out
 * hardly anybody, and who is met often is soon in.
 *
 * Promises: bounded by number; meeting a name that is kept costs a lookup and an addition; pure: the instant is an argument,
 * chance a fixed sequence.
 */

/** One of the names kept. */
export type Kept<Value> = {
  readonly name: string;
  readonly weight: number;
  readonly value: Value | undefined;
};

type Slot<Value> = { readonly name: string; readonly at: number; weight: number; value: Value | undefined };

export type TopKOptions = { readonly limit: number; readonly halfLifeMs: number };

/** How many are compared to find the lightest. */
const compared = 8;
/** Weights are kept in a unit that shrinks with time; beyond this all are brought back. */
const largestUnit = 1e12;

/** A bounded table of the heaviest names. */
export class TopK<Value> {
  readonly #options: TopKOptions;
  readonly #slots: Slot<Value>[] = [];
  readonly #byName = new Map<string, Slot<Value>>();
  /** What one meeting weighs now, in the unit of the slots: it grows, so that older ones need not be made smaller. */
  #unit = 1;
  #unitMs: number | undefined;
  #cursor = 0;
  #chance = 0x9e3779b9;

  constructor(options: TopKOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#slots.length;
  }

  /** Counts a meeting. Whether the name is new among those kept, and so wants a value. */
  record(name: string, nowMs: number): boolean {
    return this.add(name, 1, nowMs);
  }

  /** Counts several meetings at once. */
  add(name: string, times: number, nowMs: number): boolean {
    this.#turnTo(nowMs);
    const kept = this.#byName.get(name);
    if (kept !== undefined) {
      kept.weight += this.#unit * times;
      return false;
    }
    if (this.#slots.length >= this.#options.limit) return this.#admit(name, this.#unit * times);
    const slot: Slot<Value> = { name, at: this.#slots.length, weight: this.#unit * times, value: undefined };
    this.#slots.push(slot);
    this.#byName.set(name, slot);
    return true;
  }

  /** What is known of a name; `undefined` when nothing is, or it is not kept. */
  valueOf(name: string): Value | undefined {
    return this.#byName.get(name)?.value;
  }

  /** Notes what is known of a name; `false` when it is not kept. */
  setValue(name: string, value: Value): boolean {
    const slot = this.#byName.get(name);
    if (slot !== undefined) slot.value = value;
    return slot !== undefined;
  }

  /** How often the name was met lately: its meetings, each by how much is left of it. */
  weightOf(name: string, nowMs: number): number {
    this.#turnTo(nowMs);
    return (this.#byName.get(name)?.weight ?? 0) / this.#unit;
  }

  /** How often a second, as far as the weight tells: a steady rate weighs `rate × halfLife / ln 2`. */
  rateOf(name: string, nowMs: number): number {
    return (this.weightOf(name, nowMs) * Math.LN2 * 1000) / this.#options.halfLifeMs;
  }

  /** All that are kept, in no order. */
  *kept(nowMs: number): Iterable<Kept<Value>> {
    this.#turnTo(nowMs);
    for (const { name, weight, value } of this.#slots) yield { name, weight: weight / this.#unit, value };
  }

  #admit(name: string, weight: number): boolean {
    const lightest = this.#lightestOfSome();
    if (lightest === undefined) return false;
    const least = lightest.weight / this.#unit;
    if (this.#draw() * (least + weight / this.#unit) > weight / this.#unit) return false;
    const slot: Slot<Value> = { name, at: lightest.at, weight: lightest.weight + weight, value: undefined };
    this.#byName.delete(lightest.name);
    this.#byName.set(name, slot);
    this.#slots[lightest.at] = slot;
    return true;
  }

  #lightestOfSome(): Slot<Value> | undefined {
    let lightest: Slot<Value> | undefined;
    for (let step = 0; step < compared; step += 1) {
      this.#cursor = (this.#cursor + 1) % this.#slots.length;
      const slot = this.#slots[this.#cursor];
      if (slot !== undefined && (lightest === undefined || slot.weight < lightest.weight)) lightest = slot;
    }
    return lightest;
  }

  /** The unit is worked out once a second at most: a power costs more than the rest of a count. */
  #turnTo(nowMs: number): void {
    const since = nowMs - (this.#unitMs ??= nowMs);
    // A clock that jumped back counts as one that stood still.
    if (since < 1000) {
      if (since < 0) this.#unitMs = nowMs;
      return;
    }
    this.#unitMs = nowMs;
    // A very long silence: everything fades to nothing.
    this.#unit *= 2 ** Math.min(60, since / this.#options.halfLifeMs);
    if (this.#unit < largestUnit) return;
    for (const slot of this.#slots) slot.weight /= this.#unit;
    this.#unit = 1;
  }

  /** xorshift32: the same for the same sequence of names. */
  #draw(): number {
    let x = this.#chance;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#chance = x >>> 0;
    return this.#chance / 0x100000000;
  }
}
