/**
 * Counts demand: the hottest keys with their variants, and how to request them again. Counts fade.
 *
 * Promises: it is bounded, and a request costs one lookup and one addition. It keeps no credentials, and nothing that only
 * one visitor may see can be requested from here.
 */

import { BoundedMap } from '../kit/bounded-map.ts';
import { type Clock, type Seconds, seconds } from '../kit/time.ts';
import { TopK } from '../kit/top-k.ts';
import type { CacheKey } from '../policy/key/cache-key.ts';
import type { CacheExchange } from '../proxy/exchange/exchange.ts';
import type { Outcome } from '../proxy/exchange/outcome.ts';
import type { Entry } from '../store/store.ts';
import { formOf, isShareable, type RequestForm } from './request-form.ts';

/** Something that is requested, and what it costs the origin. */
export type Wanted = {
  /** Its key, and on `standard` routes its variant. */
  readonly name: string;
  readonly key: CacheKey;
  readonly variant: string;
  readonly form: RequestForm;
  readonly cost: Seconds;
  readonly weight: number;
};

type Known = Omit<Wanted, 'name' | 'weight'>;

const tracked = 10_000;
const halfLifeMs = 30 * 60_000;
/** How many recently stored keys are remembered that are not among the hottest yet. */
const newcomers = 5000;
const unknownCost = seconds(0.1);
const unknownRate = 1 / 600;

/** Counts demand. */
export class Demand {
  readonly #clock: Clock;
  readonly #top = new TopK<Known>({ limit: tracked, halfLifeMs });
  readonly #newcomers = new BoundedMap<string, Known>(newcomers);

  constructor(clock: Clock) {
    this.#clock = clock;
    this.tick();
  }

  /** Called about once a second, because counting does not read the clock. */
  tick(): void {
    this.#top.turnTo(this.#clock.monotonicMs());
  }

  readonly onOutcome = ({ entry }: Pick<Outcome, 'entry'>): void => {
    if (entry === undefined) return;
    const kept = this.#top.record(nameOf(entry));
    if (kept !== undefined) kept.value ??= this.#newcomers.get(kept.name);
  };

  onStored(exchange: CacheExchange, entry: Entry): void {
    if (!isShareable(entry, exchange.match.contentType.kind === 'rule')) return;
    const form = formOf(exchange, entry);
    if (form === undefined) return;
    const { key, variant, originSeconds: cost } = entry;
    const known: Known = { key, variant, form, cost };
    const kept = this.#top.get(nameOf(entry));
    if (kept === undefined) this.#newcomers.set(nameOf(entry), known);
    else kept.value = known;
  }

  /** Request rate × cost of a fetch: what storing it saves per second. */
  worthOf(entry: Entry): number {
    return this.rateOf(entry) * costOf(entry.originSeconds);
  }

  rateOf(entry: Entry): number {
    return Math.max(unknownRate, this.#top.rateOf(nameOf(entry)));
  }

  /** The most requested first; only what was requested at least `least` times recently. */
  hottest(count: number, least = 0): Wanted[] {
    const wanted: Wanted[] = [];
    for (const { name, weight, value } of this.#top.heaviest()) {
      if (value !== undefined && weight >= least) wanted.push({ name, weight, ...value });
    }
    return wanted.slice(0, count);
  }

  load(wanted: readonly Wanted[]): void {
    for (const { name, weight, ...known } of wanted) {
      const kept = this.#top.record(name, weight);
      if (kept !== undefined) kept.value = known;
    }
  }
}

/** With a rule, a key has one variant. */
export const nameOf = ({ key, variant, selection }: Entry): string =>
  selection.names.length === 0 ? key : `${key} ${variant}`;

/** No fetch is free: even an instant answer is a request. */
export const costOf = (cost: Seconds | undefined): number => Math.max(0.001, cost ?? unknownCost);

/** The same, for an item of the list. */
export const worthOf = ({ weight, cost }: Pick<Wanted, 'weight' | 'cost'>): number =>
  ((weight * Math.LN2 * 1000) / halfLifeMs) * costOf(cost);
