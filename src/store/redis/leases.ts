/**
 * Decides which instance fetches a key that no instance has (`store.redis.fill_lock`): the one that holds its lease. The
 * others wait for the result.
 *
 * Promises: a lease is renewed while its fetch runs and expires by itself, so a slow origin is asked once and a dead or stuck
 * leader is replaced. No request waits longer than a minute, nor for a second leader after the first brought nothing that can
 * be shared. After that, requests for the key do not wait for a while. Without Redis every instance fetches.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { BoundedMap } from '../../kit/bounded-map.ts';
import type { Clock } from '../../kit/time.ts';
import { UnderWay } from '../../kit/under-way.ts';
import type { CacheKey } from '../../policy/key/cache-key.ts';
import { type RedisClient, within } from './connection.ts';
import type { RedisKeys } from './keys.ts';

type FillLeasesOptions = {
  readonly client: RedisClient;
  readonly keys: RedisKeys;
  readonly instance: string;
  readonly clock: Clock;
  readonly deadlineMs: number;
  readonly leaseMs: number;
  readonly isFetching?: ((key: CacheKey) => boolean) | undefined;
  /** The longest time that a lease is renewed and waited for. */
  readonly longestMs?: number;
};

/**
 * `look-again`: another instance was fetching, and has ended. `taken`: the lease is ours; another may have ended since the
 * last lookup.
 */
export type Turn = 'fetch' | 'taken' | 'look-again';

type Held = {
  readonly untilMs: number;
  readonly lastMs: number;
};

const ifOwn = `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end return `;
const dropOwn = `${ifOwn}redis.call('DEL', KEYS[1])`;
const renewOwn = `${ifOwn}redis.call('PEXPIRE', KEYS[1], ARGV[2])`;
const defaultLongestMs = 60_000;
const renewalsPerLease = 3;
const hopelessMs = 30_000;
const shortestPauseMs = 5;
/** A waiting instance polls so often that it is about a twentieth late, within these bounds. */
const pauseBounds = { least: 40, most: 250 };

/** The leases that one instance holds and waits for. */
export class FillLeases {
  readonly #options: FillLeasesOptions;
  readonly #longestMs: number;
  readonly #held = new BoundedMap<CacheKey, Held>(10_000);
  /** One request of this instance asks for a key; the others share its answer. */
  readonly #turns = new UnderWay<CacheKey, Promise<Turn>>();
  readonly #hopeless = new BoundedMap<CacheKey, number>(20_000);
  #renewals: NodeJS.Timeout | undefined;

  constructor(options: FillLeasesOptions) {
    this.#options = options;
    this.#longestMs = options.longestMs ?? defaultLongestMs;
  }

  /** Decides what to do about a key that no instance has, as far as Redis answers by `untilMs`. Never rejects. */
  turn(key: CacheKey, untilMs?: number): Promise<Turn> {
    const { clock, isFetching, deadlineMs } = this.#options;
    const nowMs = clock.monotonicMs();
    // All requests here share a fetch of this instance, whichever instance has the lease.
    if ((this.#hopeless.get(key) ?? 0) > nowMs || isFetching?.(key) === true) return fetchNow;
    const held = this.#held.get(key);
    if (held !== undefined && held.untilMs > nowMs) return fetchNow;
    // It lived to its end and nothing was stored: the answers cannot be shared.
    if (held !== undefined) {
      this.#held.delete(key);
      this.giveUp(key);
      return fetchNow;
    }
    const underWay = this.#turns.get(key);
    if (underWay !== undefined) return underWay;
    const limitMs = untilMs === undefined ? deadlineMs : Math.min(deadlineMs, Math.max(0, untilMs - nowMs));
    const turn = this.#take(key, limitMs).finally(() => this.#turns.delete(key));
    this.#turns.set(key, turn);
    return turn;
  }

  release(key: CacheKey): void {
    if (!this.#held.delete(key)) return;
    const { client, keys, instance, deadlineMs } = this.#options;
    // If the release fails, the lease expires by itself.
    within(deadlineMs, client.eval(dropOwn, 1, keys.fill(key), instance)).catch(() => undefined);
  }

  /** The fetch has ended, and its answer is not for others. */
  abandon(key: CacheKey): void {
    this.giveUp(key);
    this.release(key);
  }

  giveUp(key: CacheKey): void {
    this.#hopeless.set(key, this.#options.clock.monotonicMs() + hopelessMs);
  }

  async #take(key: CacheKey, limitMs: number): Promise<Turn> {
    const { client, keys, instance, clock, leaseMs } = this.#options;
    const askedMs = clock.monotonicMs();
    const set = client.set(keys.fill(key), instance, 'PX', leaseMs, 'NX');
    try {
      if ((await within(limitMs, set)) !== 'OK') return await this.#waitForOther(key, askedMs);
      this.#hold(key, askedMs);
      return 'taken';
    } catch {
      // Redis did not answer: one fetch too many is better than none. A lease granted late must not make others wait.
      set.then((answer) => answer === 'OK' && this.#holdLate(key, askedMs)).catch(() => undefined);
      return 'fetch';
    }
  }

  #hold(key: CacheKey, askedMs: number): void {
    const { leaseMs } = this.#options;
    this.#held.set(key, { untilMs: askedMs + leaseMs, lastMs: askedMs + this.#longestMs });
    this.#renewals ??= setInterval(() => this.#renewAll(), leaseMs / renewalsPerLease).unref();
  }

  #holdLate(key: CacheKey, askedMs: number): void {
    this.#hold(key, askedMs);
    if (this.#options.isFetching?.(key) !== true) this.release(key);
  }

  /** Waits while the other's lease lives; rejects when Redis cannot say. */
  async #waitForOther(key: CacheKey, sinceMs: number): Promise<Turn> {
    const { client, keys, clock, deadlineMs } = this.#options;
    const name = keys.fill(key);
    let pauseMs = shortestPauseMs;
    for (let waitedMs = 0; waitedMs < this.#longestMs; waitedMs = clock.monotonicMs() - sinceMs) {
      await delay(pauseMs);
      if ((await within(deadlineMs, client.get(name))) === null) return 'look-again';
      const longest = Math.min(Math.max(waitedMs / 20, pauseBounds.least), pauseBounds.most);
      pauseMs = Math.min(pauseMs * 2, longest);
    }
    return 'fetch';
  }

  #renewAll(): void {
    const nowMs = this.#options.clock.monotonicMs();
    const live = [...this.#held.entries()].filter(([, { untilMs }]) => untilMs > nowMs);
    if (live.length === 0) {
      clearInterval(this.#renewals);
      this.#renewals = undefined;
    }
    for (const [key, held] of live) {
      // The result may still be in transit to Redis, so the lease is left to expire.
      if (held.lastMs > nowMs && this.#options.isFetching?.(key) === true) void this.#renew(key, held, nowMs);
    }
  }

  async #renew(key: CacheKey, held: Held, nowMs: number): Promise<void> {
    const { client, keys, instance, deadlineMs, leaseMs } = this.#options;
    const name = keys.fill(key);
    const renewed = await within(deadlineMs, client.eval(renewOwn, 1, name, instance, leaseMs)).catch(
      () => undefined,
    );
    // No answer: it is retried while the lease lives. If it was released meanwhile, it is no longer ours.
    if (renewed === undefined || this.#held.get(key) !== held) return;
    if (renewed === 1) this.#held.set(key, { ...held, untilMs: nowMs + leaseMs });
    else this.#held.delete(key);
  }
}

const fetchNow: Promise<Turn> = Promise.resolve('fetch');
