/**
 * Who fetches a key that no instance has (`store.redis.fill_lock`): the one that holds its lease; the others wait for what
 * it brings.
 *
 * Promises: a lease is renewed while its fetch is under way, and ends by itself, so that a slow origin is asked once, and a
 * leader that is dead or stuck is replaced; nobody waits longer than a minute, nor behind a second leader whose answer was
 * not for others either, nor, for a while, behind anybody for that key; without Redis everybody fetches.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { BoundedMap } from '../../kit/bounded-map.ts';
import type { Clock } from '../../kit/time.ts';
import type { CacheKey } from '../../policy/key/cache-key.ts';
import { type RedisClient, within } from './connection.ts';
import type { RedisKeys } from './keys.ts';

export type FillLeasesOptions = {
  readonly client: RedisClient;
  readonly keys: RedisKeys;
  /** Names this instance. */
  readonly instance: string;
  readonly clock: Clock;
  readonly deadlineMs: number;
  /** How long a lease lives unless it is renewed. */
  readonly leaseMs: number;
  /** Whether this instance is fetching a key, for others as well. Absent: nobody can tell, and no lease is renewed. */
  readonly isFetching?: ((key: CacheKey) => boolean) | undefined;
  /** How long a lease is renewed, and waited for, at most. */
  readonly longestMs?: number;
};

/**
 * `fetch`: nobody else does, or nobody can tell. `look-again`: somebody else did, and has ended. `taken`: the lease is
 * ours as of now; somebody may have ended between the last look and this.
 */
export type Turn = 'fetch' | 'taken' | 'look-again';

/** A lease of ours. */
type Held = {
  /** Until when it lives, unless it is renewed. */
  readonly untilMs: number;
  /** Until when it is renewed at most. */
  readonly lastMs: number;
};

const ifOwn = `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end return `;
const dropOwn = `${ifOwn}redis.call('DEL', KEYS[1])`;
const renewOwn = `${ifOwn}redis.call('PEXPIRE', KEYS[1], ARGV[2])`;
const defaultLongestMs = 60_000;
const renewalsPerLease = 3;
const hopelessMs = 30_000;
const shortestPauseMs = 5;
/** While it waits, an instance asks as often as makes it a twentieth late, between these bounds. */
const pauseBounds = { least: 40, most: 250 };

/** The leases one instance holds and waits for. */
export class FillLeases {
  readonly #options: FillLeasesOptions;
  readonly #longestMs: number;
  readonly #held = new BoundedMap<CacheKey, Held>(10_000);
  /** One of this instance asks for a key; the others here want to know the same. */
  readonly #turns = new Map<CacheKey, Promise<Turn>>();
  /** Until when nobody waits for a key. */
  readonly #hopeless = new BoundedMap<CacheKey, number>(20_000);
  /** Runs while there is something to renew. */
  #renewals: NodeJS.Timeout | undefined;

  constructor(options: FillLeasesOptions) {
    this.#options = options;
    this.#longestMs = options.longestMs ?? defaultLongestMs;
  }

  /** Resolves when it is clear what to do about a key that is nowhere, as far as Redis says so until then. Never rejects. */
  turn(key: CacheKey, untilMs?: number): Promise<Turn> {
    const { clock, isFetching, deadlineMs } = this.#options;
    const nowMs = clock.monotonicMs();
    // A fetch of this instance is shared by all here, whoever has the lease.
    if ((this.#hopeless.get(key) ?? 0) > nowMs || isFetching?.(key) === true) return fetchNow;
    const held = this.#held.get(key);
    if (held !== undefined && held.untilMs > nowMs) return fetchNow;
    // Held to its end, and nothing was stored: its answers are not for others.
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

  /** What was fetched is where the others find it, or there is nothing for them. */
  release(key: CacheKey): void {
    if (!this.#held.delete(key)) return;
    const { client, keys, instance, deadlineMs } = this.#options;
    // Not released, it ends by itself.
    within(deadlineMs, client.eval(dropOwn, 1, keys.fill(key), instance)).catch(() => undefined);
  }

  /** For a while nobody here waits for this key. */
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
      // Redis cannot say: better one fetch too many than one too few. A lease it gives late would be waited for by others.
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

  /** As long as the other's lease lives; rejects when Redis cannot say. */
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
      // What was fetched may still be on its way to Redis: the lease lives on for what it has left.
      if (held.lastMs > nowMs && this.#options.isFetching?.(key) === true) void this.#renew(key, held, nowMs);
    }
  }

  async #renew(key: CacheKey, held: Held, nowMs: number): Promise<void> {
    const { client, keys, instance, deadlineMs, leaseMs } = this.#options;
    const name = keys.fill(key);
    const renewed = await within(deadlineMs, client.eval(renewOwn, 1, name, instance, leaseMs)).catch(
      () => undefined,
    );
    // Not answered: it is tried again as long as it lives. Released meanwhile, it is nobody's.
    if (renewed === undefined || this.#held.get(key) !== held) return;
    if (renewed === 1) this.#held.set(key, { ...held, untilMs: nowMs + leaseMs });
    else this.#held.delete(key);
  }
}

const fetchNow: Promise<Turn> = Promise.resolve('fetch');
