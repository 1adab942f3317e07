/**
 * The names recorded most often lately, each with a value.
 *
 * Weights fade: after a half-life one counts half. A new name takes the place of the lightest of a few, with a probability
 * that falls with that one's weight, and inherits it (Ben Basat et al., "Randomized Admission Policy for Efficient Top-k and
 * Frequency Estimation", 2017). So a flood of names recorded once displaces hardly any, and a frequent name soon enters.
 *
 * Promises: bounded by number; a known name costs a lookup and an addition; pure: the caller gives the time, and chance is a
 * fixed sequence.
 */

/** A name that is kept. A new one has no value yet. */
export type Kept<Value> = { readonly name: string; readonly weight: number; value: Value | undefined };

type Slot<Value> = Kept<Value> & { readonly at: number; weight: number };

export type TopKOptions = { readonly limit: number; readonly halfLifeMs: number };

const compared = 8;
/** Of a full table's records one in so many is counted, as so many. */
const sampledEvery = 8;
/** The unit grows; beyond this the weights are rescaled. */
const largestUnit = 1e12;

/** A bounded table of the heaviest names. */
export class TopK<Value> {
  readonly #options: TopKOptions;
  readonly #slots: Slot<Value>[] = [];
  readonly #byName = new Map<string, Slot<Value>>();
  /** What one record adds now. It grows with time, so that older weights need not shrink. */
  #unit = 1;
  #unitMs: number | undefined;
  #cursor = 0;
  #chance = 0x9e3779b9;
  #unsampled = 0;

  constructor(options: TopKOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#slots.length;
  }

  /** Forgets all names. */
  clear(): void {
    this.#slots.length = 0;
    this.#byName.clear();
    this.#cursor = 0;
  }

  /** Sets the time; to be called about once a second. */
  turnTo(nowMs: number): void {
    const since = nowMs - (this.#unitMs ?? nowMs);
    this.#unitMs = nowMs;
    // A clock that jumped back counts as one that stood still; after a very long silence everything has faded.
    this.#unit *= 2 ** Math.min(60, Math.max(0, since) / this.#options.halfLifeMs);
    if (this.#unit < largestUnit) return;
    for (const slot of this.#slots) slot.weight /= this.#unit;
    this.#unit = 1;
  }

  /**
   * How often to record the next name: once while there is room. In a full table most names are not kept, and to find that out
   * for each would cost more than all the rest, so one of a few is recorded in place of the others, by chance.
   */
  sample(): number {
    if (this.#slots.length < this.#options.limit) return 1;
    if (this.#unsampled > 0) {
      this.#unsampled -= 1;
      return 0;
    }
    this.#unsampled = Math.floor(this.#draw() * (2 * sampledEvery - 1));
    return sampledEvery;
  }

  /** Adds to the weight of a name. `undefined`: it is not kept. */
  record(name: string, weight = 1): Kept<Value> | undefined {
    const added = this.#unit * weight;
    const known = this.#byName.get(name);
    if (known !== undefined) {
      known.weight += added;
      return known;
    }
    if (this.#slots.length >= this.#options.limit) return this.#admit(name, added);
    return this.#keep({ name, at: this.#slots.length, weight: added, value: undefined });
  }

  get(name: string): Kept<Value> | undefined {
    return this.#byName.get(name);
  }

  weightOf(name: string): number {
    return (this.#byName.get(name)?.weight ?? 0) / this.#unit;
  }

  /** Records per second: a steady rate weighs `rate × halfLife / ln 2`. */
  rateOf(name: string): number {
    return (this.weightOf(name) * Math.LN2 * 1000) / this.#options.halfLifeMs;
  }

  heaviest(): Kept<Value>[] {
    const kept = this.#slots.map(({ name, weight, value }) => ({ name, weight: weight / this.#unit, value }));
    return kept.sort((one, other) => other.weight - one.weight);
  }

  #admit(name: string, weight: number): Slot<Value> | undefined {
    const lightest = this.#lightestOfSome();
    if (lightest === undefined || this.#draw() * (lightest.weight + weight) > weight) return undefined;
    this.#byName.delete(lightest.name);
    return this.#keep({ name, at: lightest.at, weight: lightest.weight + weight, value: undefined });
  }

  #keep(slot: Slot<Value>): Slot<Value> {
    this.#slots[slot.at] = slot;
    this.#byName.set(slot.name, slot);
    return slot;
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
