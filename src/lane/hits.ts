/**
 * Answers from memory: a plan meets what is stored now.
 *
 * Promise: the same stored response, and the same answer, as the pipeline would give at this instant; what the pipeline would
 * do anything else for than give a fresh response is left to it.
 */

import { type CacheStatus, cacheStatusValue } from '../http/cache-status.ts';
import { type EpochMs, type Seconds, seconds } from '../kit/time.ts';
import type { CacheKey } from '../policy/key/cache-key.ts';
import type { Services } from '../proxy/exchange/exchange.ts';
import { chooseVariant } from '../proxy/hit/lookup.ts';
import { keepAliveMs } from '../proxy/listen/limits.ts';
import { lastShare } from '../refresh/ahead.ts';
import type { Entry, Store } from '../store/store.ts';
import { headTail } from './prepared-head.ts';
import { isOf, prepare, type Prepared, type PreparedAnswer } from './prepared-answer.ts';
import type { Decided, PlainRequest, Plan, Planner } from './plan.ts';

/** An answer to be sent. */
export type Hit = {
  readonly plan: Plan;
  readonly entry: Entry;
  readonly answer: PreparedAnswer;
  readonly age: Seconds;
  readonly ttl: Seconds;
  readonly socket: PlainRequest['socket'];
  /** That its request came with. */
  readonly httpVersion: '1.1' | '2.0';
};

export type HitsOptions = {
  readonly services: Services;
  readonly planner: Planner;
  /** The store without what times it. */
  readonly peek: Store['peek'];
};

type FoundFor = Pick<Hit, 'socket' | 'httpVersion'> & {
  readonly now: EpochMs;
  readonly decided?: Decided | undefined;
};

/** One lookup in so many is timed. */
const timedEvery = 64;

/** Finds answers. */
export class Hits {
  readonly #options: HitsOptions;
  #lookups = 0;
  /** How long the lookup took that was timed last. */
  lookupTime = seconds(0);

  constructor(options: HitsOptions) {
    this.#options = options;
  }

  /** Whether anything is stored under a key: for what is not, no plan need be made. */
  mayFind(key: CacheKey): boolean {
    return this.#options.peek(key).length > 0;
  }

  /**
   * The answer to a request whose plan holds; `undefined`: the pipeline's. `decided`: the request as it was just decided;
   * otherwise it is decided anew where an answer has to be prepared.
   */
  find(plan: Plan, { now, socket, httpVersion, decided }: FoundFor): Hit | undefined {
    const { services } = this.#options;
    const { keyed, request, directives } = plan;
    const found = chooseVariant(this.#peek(keyed.key), {
      request,
      plan: keyed,
      directives,
      now,
      purgeLog: services.purgeLog,
    });
    if (found.kind !== 'entry' || found.reuse.kind !== 'fresh') return undefined;
    const { entry, reuse } = found;
    if (plan.match.contentType.refreshAhead && isNearItsEnd(entry, reuse.ttl)) return undefined;
    const { prepared } = plan;
    const isReady = prepared !== undefined && isOf(prepared, entry);
    const answer = (isReady ? prepared : this.#prepare(plan, entry, { socket, decided }))?.answer;
    return answer && { plan, entry, answer, age: reuse.age, ttl: reuse.ttl, socket, httpVersion };
  }

  #peek(key: CacheKey): readonly Entry[] {
    const { services, peek } = this.#options;
    this.#lookups += 1;
    if (this.#lookups % timedEvery !== 1) return peek(key);
    const startedMs = services.clock.monotonicMs();
    const entries = peek(key);
    this.lookupTime = seconds((services.clock.monotonicMs() - startedMs) / 1000);
    return entries;
  }

  #prepare(
    plan: Plan,
    entry: Entry,
    { socket, decided }: Pick<FoundFor, 'socket' | 'decided'>,
  ): Prepared | undefined {
    const { request, sentTarget: target } = plan;
    // The store's own text: to look for it compares no characters.
    plan.keyed.key = entry.key;
    const made = decided ?? this.#options.planner.exchangeOf({ ...request, target, socket });
    plan.prepared = made && prepare(made.exchange, made.reply, entry);
    return plan.prepared;
  }
}

/** When a request may lead to a renewal, which is the pipeline's to begin. */
const isNearItsEnd = ({ policy }: Entry, ttl: Seconds): boolean =>
  ttl <= (policy.lifetime - policy.initialAge) * lastShare;

/** What follows the prepared part of the heads of one instant: most of it is the same for many. */
export class Tails {
  #age = -1;
  #ttl = -1;
  #date: string | undefined;
  #closes = false;
  #text = '';

  /** The rest of a head. */
  textFor({ answer, age, ttl }: Hit, date: string, closes: boolean): string {
    const wholeAge = Math.floor(age);
    const wholeTtl = Math.ceil(ttl);
    const own = answer.hasDate ? undefined : date;
    const isSame =
      wholeAge === this.#age && wholeTtl === this.#ttl && own === this.#date && closes === this.#closes;
    if (isSame) return this.#text;
    this.#age = wholeAge;
    this.#ttl = wholeTtl;
    this.#date = own;
    this.#closes = closes;
    const status: CacheStatus = { kind: 'hit', ttl: seconds(wholeTtl) };
    this.#text = headTail({
      age: wholeAge,
      cacheStatus: cacheStatusValue(status),
      date: own,
      closes,
      keepAliveSeconds,
    });
    return this.#text;
  }
}

/** `Keep-Alive: timeout`, as node:http writes it. */
const keepAliveSeconds = Math.floor(keepAliveMs / 1000);
