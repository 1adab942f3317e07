/**
 * Memory with Redis behind it. Only this file decides what a Redis failure means for a request: a miss, nothing more.
 *
 * Promises (DESIGN §3.9, §4; CONTRACT §5):
 * - What memory has is answered at once, without asking Redis, as long as purges are known within `lag`.
 * - No request waits longer than the deadline, or at all while the breaker is not closed.
 * - An entry that was purged, or is older than the one in memory, never comes into memory from Redis.
 * - Writing to Redis is off the request path, bounded, and may fail without harm.
 */

import { BoundedMap } from '../../kit/bounded-map.ts';
import type { BreakerState } from '../../kit/breaker.ts';
import { type Clock, type EpochMs, type Seconds, epochMs } from '../../kit/time.ts';
import { UnderWay } from '../../kit/under-way.ts';
import type { CacheKey } from '../../policy/key/cache-key.ts';
import type { FillLeases } from './leases.ts';
import type { PurgeCause, PurgeLog } from '../purge-log.ts';
import type { RedisHealth } from './health.ts';
import type { RedisEntries } from './entries.ts';
import { within } from './connection.ts';
import {
  type Census,
  type CensusLimits,
  type Entry,
  type EntryHead,
  type LifetimeInForce,
  nameOf,
  type Store,
  type StoredSubject,
  type StoreSize,
} from '../store.ts';
import type { MemoryStore } from '../memory.ts';
import { WriteBehind } from './write-behind.ts';

export type TieredOptions = {
  readonly memory: Store & Pick<MemoryStore, 'bring'>;
  readonly entries: Pick<RedisEntries, 'get' | 'put' | 'remove'>;
  readonly log: Pick<PurgeLog, 'verdict'> & { readonly sync: () => Promise<boolean> };
  readonly health: RedisHealth;
  readonly clock: Clock;
  readonly deadline: Seconds;
  readonly census: (limits: CensusLimits) => Promise<Census>;
  readonly leases?: FillLeases | undefined;
  readonly onSlowWrite?: ((operation: 'set' | 'delete', duration: Seconds) => void) | undefined;
};

type RedisStatus = { readonly redis: 'up' | 'down'; readonly breaker: BreakerState['kind'] };

const mostReads = 10_000;
const none: readonly Entry[] = [];

/** A store of two tiers. */
export class TieredStore implements Store {
  readonly hasSlowTier = true;
  readonly #options: TieredOptions;
  readonly #memory: TieredOptions['memory'];
  readonly #health: RedisHealth;
  readonly #clock: Clock;
  readonly #writes: WriteBehind;
  readonly #reads = new UnderWay<CacheKey, Promise<readonly Entry[]>>();

  /** When a dropped entry, or one that did not reach Redis, was received: Redis has older ones that must not come back. */
  readonly #removed = new BoundedMap<string, EpochMs>(10_000);
  /** Brought from Redis for a request that has not used it yet. */
  readonly #broughtIn = new BoundedMap<string, true>(10_000);
  /** Why a key's entry in Redis is not current: it never comes into memory, and would seem never to have existed. */
  readonly #ended = new BoundedMap<CacheKey, PurgeCause | 'forgotten'>(10_000);

  constructor(options: TieredOptions) {
    this.#options = options;
    this.#memory = options.memory;
    this.#health = options.health;
    this.#clock = options.clock;
    this.#writes = new WriteBehind({
      entries: options.entries,
      clock: options.clock,
      isAway: () => !options.health.mayUse('writer'),
      onDone: (kind, { key }, duration) => {
        options.onSlowWrite?.(kind === 'remove' ? 'delete' : 'set', duration);
        if (kind === 'put') options.leases?.release(key);
      },
      onLost: (kind, entry) => {
        if (kind === 'put') this.#leaveOlder(entry);
        options.leases?.release(entry.key);
      },
    });
  }

  peek(key: CacheKey): readonly Entry[] {
    return this.#near(key);
  }

  get(key: CacheKey, sinceMs?: number): Promise<readonly Entry[]> {
    const nowMs = this.#clock.monotonicMs();
    const untilMs = (sinceMs ?? nowMs) + this.#options.deadline * 1000;
    const { leases } = this.#options;
    // Most lookups are one read, which ends in time by itself.
    const isOneRead = leases === undefined && this.#isWholeDeadline(untilMs - nowMs);
    if (isOneRead && !this.#health.mustHear(nowMs) && this.#health.mayUse('reader'))
      return this.#readShared(key);
    return this.#getInTime(key, untilMs, sinceMs !== undefined);
  }

  async #getInTime(key: CacheKey, untilMs: number, isForFetch: boolean): Promise<readonly Entry[]> {
    if (this.#health.mustHear(this.#clock.monotonicMs())) await this.#hear(untilMs);
    if (this.#health.mayUse('reader')) await this.#inTime(untilMs, this.#readShared(key));
    const { leases } = this.#options;
    const mayTakeTurn = isForFetch && this.#clock.monotonicMs() < untilMs;
    if (leases !== undefined && mayTakeTurn) await this.#waitForOthers(key, leases, untilMs);
    return this.#near(key);
  }

  get isDown(): boolean {
    const { state } = this.#health.breaker;
    return state.kind !== 'closed' || state.failures > 0;
  }

  abandon(key: CacheKey, isStored: boolean): void {
    // Where something is stored no other instance waits for more.
    if (!isStored) this.#options.leases?.abandon(key);
  }

  endedBy(key: CacheKey): PurgeCause | 'forgotten' | undefined {
    return this.#ended.get(key);
  }

  put(entry: Entry, smaller?: Promise<Entry | undefined>): void {
    this.#memory.put(entry, smaller);
    this.#ended.delete(entry.key);
    this.#broughtIn.delete(nameOf(entry));
    this.#writes.put(entry, smaller);
  }

  use(entry: Entry): void {
    // Most hits find this empty, and a lookup in the set would be a tenth of their cost.
    const isFirst = this.#broughtIn.size > 0 && this.#broughtIn.delete(nameOf(entry));
    this.#memory.use(entry, isFirst);
  }

  uses(entry: Entry): number {
    return this.#memory.uses(entry);
  }

  remove(entry: Entry): void {
    this.#memory.remove(entry);
    this.#removed.set(nameOf(entry), this.#clock.now());
    this.#writes.remove(entry);
  }

  applyLifetimes(inForce: LifetimeInForce): void {
    this.#memory.applyLifetimes(inForce);
  }

  inForce(entry: Pick<Entry, 'key' | 'variant'>): Entry | undefined {
    return this.#memory.inForce(entry);
  }

  entries(): Iterable<Entry> {
    return this.#memory.entries();
  }

  subjects(): Iterable<StoredSubject> {
    return this.#memory.subjects();
  }

  size(): StoreSize {
    return this.#memory.size();
  }

  census({ isWanted, mostMs }: CensusLimits): Promise<Census> {
    if (!this.#health.mayUse('writer')) return Promise.resolve({ found: [], isWhole: false });
    const isElsewhere = (head: EntryHead): boolean =>
      head.responseTime > (this.#atHand(head)?.responseTime ?? -Infinity) &&
      head.responseTime > (this.#removed.get(nameOf(head)) ?? 0);
    return this.#options.census({ isWanted: (head) => isWanted(head) && isElsewhere(head), mostMs });
  }

  status(): RedisStatus {
    const isUp = this.#health.isUp(this.#clock.monotonicMs());
    return { redis: isUp ? 'up' : 'down', breaker: this.#health.breaker.state.kind };
  }

  settled(): Promise<void> {
    return this.#writes.idle();
  }

  #near(key: CacheKey): readonly Entry[] {
    const found = this.#memory.peek(key);
    if (found.length === 0) return found;
    if (this.#health.isHeard(this.#clock.monotonicMs())) return found;
    // A late log may still answer, so memory is used without it only if it cannot be asked.
    return this.#health.breaker.isClosed ? none : this.#health.fallback().cap(found);
  }

  /** Waits for a read until the given instant. One that began just now ends earlier by itself, so most need no timer. */
  async #inTime(untilMs: number, read: Promise<unknown>): Promise<void> {
    const leftMs = untilMs - this.#clock.monotonicMs();
    if (this.#isWholeDeadline(leftMs)) await read;
    else if (leftMs > 0) await within(leftMs, read).catch(() => undefined);
  }

  #isWholeDeadline(leftMs: number): boolean {
    return leftMs > this.#options.deadline * 1000 - 1;
  }

  /** The log has been silent too long: asks it, once for all who wait, and stops waiting at the given instant. */
  async #hear(untilMs: number): Promise<void> {
    const leftMs = Math.max(0, untilMs - this.#clock.monotonicMs());
    const heard = await within(leftMs, this.#options.log.sync()).catch(() => false);
    const nowMs = this.#clock.monotonicMs();
    // A request with little time left cannot tell whether Redis is slow, nor, while memory is trusted, one that met a
    // connection still being made.
    const tells = this.#isWholeDeadline(leftMs) && (nowMs >= untilMs - 1 || !this.#health.isHeard(nowMs));
    if (!heard && tells && this.#health.mustHear(nowMs)) this.#health.breaker.trip(nowMs);
  }

  /**
   * Take our turn to fetch, or wait for another's fetch; one dead leader is tolerated. `untilMs` bounds the waiting for
   * Redis, not for the other's fetch.
   */
  async #waitForOthers(key: CacheKey, leases: FillLeases, untilMs: number): Promise<void> {
    let limitMs = untilMs;
    for (let round = 0; round < 2; round += 1) {
      if (!this.#isCold(key) || !this.#health.mayUse('reader')) return;
      const turn = await leases.turn(key, limitMs);
      if (turn === 'fetch') return;
      if (turn === 'look-again') limitMs = this.#clock.monotonicMs() + this.#options.deadline * 1000;
      await this.#lookAgain(key, limitMs);
      if (turn === 'look-again') continue;
      if (!this.#isCold(key)) leases.release(key);
      return;
    }
    if (this.#isCold(key)) leases.giveUp(key);
  }

  /** A lookup in flight may have begun before the other instance stored its result. */
  async #lookAgain(key: CacheKey, untilMs: number): Promise<void> {
    const leftMs = untilMs - this.#clock.monotonicMs();
    if (leftMs <= 0) return;
    const underWay = this.#reads.get(key) ?? Promise.resolve();
    await within(
      leftMs,
      underWay.then(() => this.#readShared(key)),
    ).catch(() => undefined);
  }

  #isCold(key: CacheKey): boolean {
    return this.#near(key).every((entry) => this.#options.log.verdict(entry).kind === 'purged');
  }

  /** What is at hand once Redis has been asked. Never rejects. */
  #readShared(key: CacheKey): Promise<readonly Entry[]> {
    const underWay = this.#reads.get(key);
    if (underWay !== undefined) return underWay;
    const read = this.#read(key);
    if (this.#reads.size < mostReads) this.#reads.set(key, read);
    return read;
  }

  async #read(key: CacheKey): Promise<readonly Entry[]> {
    try {
      const found = await this.#options.entries.get(key);
      this.#health.ended(false, true);
      if (this.#health.isProven('reader')) this.#backFill(found);
    } catch {
      // A miss, whatever the reason; the breaker counts it.
      this.#health.ended(false, false);
    }
    this.#reads.delete(key);
    return this.#near(key);
  }

  /** The last received is put last: the order in memory is that of receipt. */
  #backFill(found: readonly Entry[]): void {
    for (const entry of found.toReversed()) {
      const atHand = this.#atHand(entry);
      // Compared by request time: a slow answer shows an older state than a quicker one requested later.
      if (atHand !== undefined && atHand.requestTime >= entry.requestTime) continue;
      if (entry.responseTime <= (this.#removed.get(nameOf(entry)) ?? 0)) continue;
      const verdict = this.#options.log.verdict(entry);
      if (verdict.kind === 'purged') {
        this.#ended.set(entry.key, verdict.cause);
        continue;
      }
      this.#memory.bring(entry);
      this.#broughtIn.set(nameOf(entry), true);
    }
  }

  #atHand({ key, variant }: Pick<Entry, 'key' | 'variant'>): Entry | undefined {
    return this.#memory.peek(key).find((entry) => entry.variant === variant);
  }

  /** This entry did not reach Redis, so what Redis has of the variant is older and must not be used here. */
  #leaveOlder(entry: Entry): void {
    const name = nameOf(entry);
    const since = Math.max(this.#removed.get(name) ?? 0, entry.responseTime - 1);
    this.#removed.set(name, epochMs(since));
  }
}
