/**
 * What is asked for, how often, and how to ask for it again: the hottest keys with their variants, fading.
 *
 * Promises: bounded; a request costs a lookup and an addition; no credential is kept here, and nothing that one visitor
 * alone may see can be asked for again from here.
 */

import { BoundedMap } from '../kit/bounded-map.ts';
import { type Clock, type Seconds, seconds } from '../kit/time.ts';
import { TopK } from '../kit/top-k.ts';
import type { CacheKey } from '../policy/key/cache-key.ts';
import type { CacheExchange } from '../proxy/exchange/exchange.ts';
import type { Outcome } from '../proxy/exchange/outcome.ts';
import type { Entry } from '../store/store.ts';
import { formOf, isShareable, type RequestForm } from './request-form.ts';

/** Something people ask for, with what it costs the origin. */
export type Wanted = {
  /** Its key, and on `standard` routes its variant. */
  readonly name: string;
  readonly key: CacheKey;
  readonly variant: string;
  readonly form: RequestForm;
  readonly cost: Seconds;
  /** How often it was asked for lately; counts of a while ago weigh less. */
  readonly weight: number;
};

type Known = Omit<Wanted, 'name' | 'weight'>;

const tracked = 10_000;
const halfLifeMs = 30 * 60_000;
/** Keys stored lately that are not among the hottest yet. */
const newcomers = 5000;
/** What a fetch costs of which nothing is known. */
const unknownCost = seconds(0.1);
/** How often something is asked for of which nothing is known but that somebody just did. */
const unknownRate = 1 / 600;

/** Counts demand. */
export class Demand {
  readonly #clock: Clock;
  readonly #top = new TopK<Known>({ limit: tracked, halfLifeMs });
  readonly #newcomers = new BoundedMap<string, Known>(newcomers);
  #nowMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#nowMs = clock.monotonicMs();
  }

  /** To be called about once a second: counting reads no clock. */
  tick(): void {
    this.#nowMs = this.#clock.monotonicMs();
  }

  /** Counts one request. */
  readonly onOutcome = ({ entry }: Pick<Outcome, 'entry'>): void => {
    if (entry === undefined) return;
    const name = nameOf(entry);
    if (!this.#top.record(name, this.#nowMs)) return;
    const known = this.#newcomers.get(name);
    if (known !== undefined) this.#top.setValue(name, known);
  };

  /** Notes how what was stored can be asked for again. */
  onStored(exchange: CacheExchange, entry: Entry): void {
    if (!isShareable(entry, exchange.match.contentType.kind === 'rule')) return;
    const form = formOf(exchange, entry);
    if (form === undefined) return;
    const { key, variant, originSeconds: cost } = entry;
    const known: Known = { key, variant, form, cost };
    const name = nameOf(entry);
    if (!this.#top.setValue(name, known)) this.#newcomers.set(name, known);
  }

  /** Request rate × what a fetch costs: what is gained each second by having it stored. */
  worthOf(entry: Entry): number {
    return this.rateOf(entry) * costOf(entry.originSeconds);
  }

  /** How often a second an entry is asked for, as far as is known. */
  rateOf(entry: Entry): number {
    return Math.max(unknownRate, this.#top.rateOf(nameOf(entry), this.#nowMs));
  }

  /** What was asked for, oftenest first: what can be asked for again, and at least `least` times lately. */
  hottest(count: number, least = 0): Wanted[] {
    const wanted: Wanted[] = [];
    for (const { name, weight, value } of this.#top.kept(this.#nowMs)) {
      if (value !== undefined && weight >= least) wanted.push({ name, weight, ...value });
    }
    return wanted.sort((one, other) => other.weight - one.weight).slice(0, count);
  }

  /** Takes up what an earlier process knew. */
  load(wanted: readonly Wanted[]): void {
    for (const { name, weight, ...known } of wanted) {
      this.#top.add(name, weight, this.#nowMs);
      this.#top.setValue(name, known);
    }
  }
}

/** By rule a key has one variant. */
export const nameOf = ({ key, variant, selection }: Entry): string =>
  selection.names.length === 0 ? key : `${key} ${variant}`;

/** Nothing costs nothing: what was answered at once is still a request. */
export const costOf = (cost: Seconds | undefined): number => Math.max(0.001, cost ?? unknownCost);

/** The same worth, of something from the list. */
export const worthOf = ({ weight, cost }: Pick<Wanted, 'weight' | 'cost'>): number =>
  ((weight * Math.LN2 * 1000) / halfLifeMs) * costOf(cost);
