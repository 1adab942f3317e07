/**
 * Who fetches a key that no instance has (`store.redis.fill_lock`): the one that holds its lease; the others wait for what
 * it brings.
 *
 * Promises: a lease ends by itself, so a dead leader is replaced; nobody waits behind a second leader whose answer was not
 * for others either, nor, for a while, behind anybody for that key; without Redis everybody fetches.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { BoundedMap } from '../kit/bounded-map.ts';
import type { Clock } from '../kit/time.ts';
import type { CacheKey } from '../policy/cache-key.ts';
import { type RedisClient, within } from './redis-connection.ts';
import type { RedisKeys } from './redis-keys.ts';

export type FillLeasesOptions = {
  readonly client: RedisClient;
  readonly keys: RedisKeys;
  /** Names this instance. */
  readonly instance: string;
  readonly clock: Clock;
  readonly deadlineMs: number;
  readonly leaseMs: number;
};

/**
 * `fetch`: nobody else does, or nobody can tell. `look-again`: somebody else did, and has ended. `taken`: the lease is
 * ours as of now; somebody may have ended between the last look and this.
 */
export type Turn = 'fetch' | 'taken' | 'look-again';

const dropOwn = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;
const hopelessMs = 30_000;
const longestPauseMs = 40;

/** The leases one instance holds and waits for. */
export class FillLeases {
  readonly #options: FillLeasesOptions;
  /** Until when each is held. */
  readonly #held = new BoundedMap<CacheKey, number>(10_000);
  /** One of this instance asks for a key; the others here want to know the same. */
  readonly #turns = new Map<CacheKey, Promise<Turn>>();
  /** Until when nobody waits for a key. */
  readonly #hopeless = new BoundedMap<CacheKey, number>(20_000);

  constructor(options: FillLeasesOptions) {
    this.#options = options;
  }

  /** Resolves when it is clear what to do about a key that is nowhere. Never rejects. */
  turn(key: CacheKey): Promise<Turn> {
    const nowMs = this.#options.clock.monotonicMs();
    if ((this.#hopeless.get(key) ?? 0) > nowMs) return fetchNow;
    const heldUntil = this.#held.get(key);
    if (heldUntil !== undefined && heldUntil > nowMs) return fetchNow;
    // Held to its end, and nothing was stored: its answers are not for others.
    if (heldUntil !== undefined) {
      this.#held.delete(key);
      this.giveUp(key);
      return fetchNow;
    }
    const underWay = this.#turns.get(key);
    if (underWay !== undefined) return underWay;
    const turn = this.#take(key).finally(() => this.#turns.delete(key));
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

  async #take(key: CacheKey): Promise<Turn> {
    const { client, keys, instance, clock, deadlineMs, leaseMs } = this.#options;
    const name = keys.fill(key);
    const untilMs = clock.monotonicMs() + leaseMs;
    try {
      const taken = await within(deadlineMs, client.set(name, instance, 'PX', leaseMs, 'NX'));
      if (taken === 'OK') {
        this.#held.set(key, untilMs);
        return 'taken';
      }
      for (let pauseMs = 5; clock.monotonicMs() < untilMs; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
        await delay(pauseMs);
        if ((await within(deadlineMs, client.get(name))) === null) return 'look-again';
      }
      return 'look-again';
    } catch {
      // Redis cannot say: better one fetch too many than one too few.
      return 'fetch';
    }
  }
}

const fetchNow: Promise<Turn> = Promise.resolve('fetch');
