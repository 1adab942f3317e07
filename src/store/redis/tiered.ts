/**
 * Memory before Redis, and the only place that decides what a Redis failure means for a request: nothing but a miss.
 *
 * Promises (DESIGN §3.9, §4; CONTRACT §5):
 * - what memory has is answered at once, as long as purges are known within `lag`; Redis is not asked for it;
 * - nobody waits longer than the deadline, nobody at all while the breaker is not closed;
 * - an entry that was purged, or older than the one at hand, never comes into memory from Redis;
 * - writing to Redis is off everybody's path, bounded, and given up without harm.
 */

import { BoundedMap } from '../../kit/bounded-map.ts';
import type { BreakerState } from '../../kit/breaker.ts';
import { type Clock, type EpochMs, type Seconds, epochMs } from '../../kit/time.ts';
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
  type StoreSize,
} from '../store.ts';
import { WriteBehind } from './write-behind.ts';

export type TieredOptions = {
  readonly memory: Store;
  readonly entries: Pick<RedisEntries, 'get' | 'put' | 'remove'>;
  readonly log: Pick<PurgeLog, 'verdict'> & { readonly sync: () => Promise<boolean> };
  readonly health: RedisHealth;
  readonly clock: Clock;
  readonly deadline: Seconds;
  /** Looks through all of Redis, for operators. */
  readonly census: (limits: CensusLimits) => Promise<Census>;
  /** Present: one instance fetches a cold key, the others wait for it. */
  readonly leases?: FillLeases | undefined;
};

/** How Redis does. */
export type RedisStatus = { readonly redis: 'up' | 'down'; readonly breaker: BreakerState['kind'] };

const mostReads = 10_000;
const none: readonly Entry[] = [];

/** A store of two tiers. */
export class TieredStore implements Store {
  readonly hasSlowTier = true;
  readonly #options: TieredOptions;
  readonly #memory: Store;
  readonly #health: RedisHealth;
  readonly #clock: Clock;
  readonly #writes: WriteBehind;
  /** Lookups under way: those who want the same key meanwhile share one. */
  readonly #reads = new Map<CacheKey, Promise<readonly Entry[]>>();

  /** When what was dropped, was, or what Redis did not get was received: it has older ones, and must not bring them back. */
  readonly #removed = new BoundedMap<string, EpochMs>(10_000);
  /** Came from Redis for a request that has not had it yet. */
  readonly #broughtIn = new WeakSet<Entry>();
  #broughtInCount = 0;
  /** What ended that which Redis has of a key: it never comes into memory, and would seem never to have been. */
  readonly #ended = new BoundedMap<CacheKey, PurgeCause | 'forgotten'>(10_000);
  onSlowWrite: Store['onSlowWrite'];

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
        this.onSlowWrite?.(kind === 'remove' ? 'delete' : 'set', duration);
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

  async get(key: CacheKey, sinceMs?: number): Promise<readonly Entry[]> {
    const nowMs = this.#clock.monotonicMs();
    const untilMs = (sinceMs ?? nowMs) + this.#options.deadline * 1000;
    if (this.#health.mustHear(nowMs)) await this.#hear(untilMs);
    if (this.#health.mayUse('reader')) await this.#inTime(untilMs, this.#readShared(key));
    const { leases } = this.#options;
    const mayTakeTurn = sinceMs !== undefined && this.#clock.monotonicMs() < untilMs;
    if (leases !== undefined && mayTakeTurn) await this.#waitForOthers(key, leases, untilMs);
    return this.#near(key);
  }

  get isDown(): boolean {
    const { state } = this.#health.breaker;
    return state.kind !== 'closed' || state.failures > 0;
  }

  abandon(key: CacheKey): void {
    this.#options.leases?.giveUp(key);
    this.#options.leases?.release(key);
  }

  endedBy(key: CacheKey): PurgeCause | 'forgotten' | undefined {
    return this.#ended.get(key);
  }

  put(entry: Entry, smaller?: Promise<Entry | undefined>): void {
    this.#memory.put(entry, smaller);
    this.#ended.delete(entry.key);
    this.#writes.put(entry, smaller);
  }

  use(entry: Entry): void {
    // Most hits find nobody waiting: to ask the set would be a tenth of the lookup.
    const isFirst = this.#broughtInCount > 0 && this.#broughtIn.delete(entry);
    if (isFirst) this.#broughtInCount -= 1;
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

  inForce(entry: Entry): Entry {
    return this.#memory.inForce(entry);
  }

  entries(): Iterable<Entry> {
    return this.#memory.entries();
  }

  size(): StoreSize {
    return this.#memory.size();
  }

  census({ isWanted, mostMs }: CensusLimits): Promise<Census> {
    if (!this.#health.mayUse('writer')) return Promise.resolve({ found: [], isWhole: false });
    const atHand = new Map<string, EpochMs>();
    for (const entry of this.#memory.entries()) atHand.set(nameOf(entry), entry.responseTime);
    const isElsewhere = (head: EntryHead): boolean =>
      head.responseTime > (atHand.get(nameOf(head)) ?? -Infinity) &&
      head.responseTime > (this.#removed.get(nameOf(head)) ?? 0);
    return this.#options.census({ isWanted: (head) => isElsewhere(head) && isWanted(head), mostMs });
  }

  /** What operators are told. */
  status(): RedisStatus {
    const { kind } = this.#health.breaker.state;
    const isUp = this.#health.isUp(this.#clock.monotonicMs());
    return { redis: isUp ? 'up' : 'down', breaker: kind };
  }

  /** Resolves when what was put is in Redis, or given up. */
  settled(): Promise<void> {
    return this.#writes.idle();
  }

  /** What memory has, as far as it may be used. */
  #near(key: CacheKey): readonly Entry[] {
    const found = this.#memory.peek(key);
    if (found.length === 0) return found;
    if (this.#health.isHeard(this.#clock.monotonicMs())) return found;
    // A log that is late may speak when asked; only where it cannot be asked is memory used without it.
    return this.#health.breaker.isClosed ? none : this.#health.fallback().cap(found);
  }

  /** Waits for a read until the instant given. One begun just now ends by itself before that: most need no timer. */
  async #inTime(untilMs: number, read: Promise<unknown>): Promise<void> {
    const leftMs = untilMs - this.#clock.monotonicMs();
    if (this.#isWholeDeadline(leftMs)) await read;
    else if (leftMs > 0) await within(leftMs, read).catch(() => undefined);
  }

  #isWholeDeadline(leftMs: number): boolean {
    return leftMs > this.#options.deadline * 1000 - 1;
  }

  /** The log has been silent too long: ask it, once for all who wait, and stop waiting at the instant given. */
  async #hear(untilMs: number): Promise<void> {
    const leftMs = Math.max(0, untilMs - this.#clock.monotonicMs());
    const heard = await within(leftMs, this.#options.log.sync()).catch(() => false);
    const nowMs = this.#clock.monotonicMs();
    // Whoever had waited elsewhere and had little time left cannot tell whether Redis is slow; nor can, while memory is
    // good, whoever met a connection not made again yet.
    const tells = this.#isWholeDeadline(leftMs) && (nowMs >= untilMs - 1 || !this.#health.isHeard(nowMs));
    if (!heard && tells && this.#health.mustHear(nowMs)) this.#health.breaker.trip(nowMs);
  }

  /**
   * While no instance has the key: our turn to fetch, or what another has fetched. A leader may die once. `untilMs`: how long
   * Redis is waited for; another's fetch takes as long as it takes, and to look for what it brought is waiting anew.
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

  /** A lookup that is under way may have been asked before the other had stored what it fetched. */
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

  #readShared(key: CacheKey): Promise<unknown> {
    const underWay = this.#reads.get(key);
    if (underWay !== undefined) return underWay;
    const read = this.#read(key);
    if (this.#reads.size < mostReads) {
      this.#reads.set(key, read);
      void read.finally(() => this.#reads.delete(key));
    }
    return read;
  }

  /** Brings what Redis has into memory. Never rejects. */
  async #read(key: CacheKey): Promise<readonly Entry[]> {
    try {
      const found = await this.#options.entries.get(key);
      this.#health.ended(false, true);
      if (this.#health.isProven('reader')) this.#backFill(found);
      return found;
    } catch {
      // A miss, whatever the reason; the breaker counts it.
      this.#health.ended(false, false);
      return none;
    }
  }

  /** The one received last is put last: the order in memory is that of receipt. */
  #backFill(found: readonly Entry[]): void {
    for (const entry of found.toReversed()) {
      const atHand = this.#memory.peek(entry.key).find(({ variant }) => variant === entry.variant);
      // By when it was asked for: an answer that is long on its way shows an older state than a later, quicker one.
      if (atHand !== undefined && atHand.requestTime >= entry.requestTime) continue;
      if (entry.responseTime <= (this.#removed.get(nameOf(entry)) ?? 0)) continue;
      const verdict = this.#options.log.verdict(entry);
      if (verdict.kind === 'purged') {
        this.#ended.set(entry.key, verdict.cause);
        continue;
      }
      this.#memory.put(entry);
      this.#broughtIn.add(this.#memory.inForce(entry));
      this.#broughtInCount += 1;
    }
  }

  /** What Redis has of a variant is older than this one, which it did not get: nobody here goes back to it. */
  #leaveOlder(entry: Entry): void {
    const name = nameOf(entry);
    const since = Math.max(this.#removed.get(name) ?? 0, entry.responseTime - 1);
    this.#removed.set(name, epochMs(since));
  }
}
