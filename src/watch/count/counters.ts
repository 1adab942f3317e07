/**
 * What happened, counted as it happens: once for each request, for each call of the origin, each purge and
 * each operation of the store.
 *
 * Promises: a hit costs a few additions and one map lookup for each of type and key; memory is bounded whatever is
 * asked for (DESIGN §3.10); nothing here reads a clock or waits.
 */

import type { HandshakeFailure } from '../../front/handshake-failure.ts';
import type { ProxyRefusal } from '../../front/proxied.ts';
import type { Seconds } from '../../kit/time.ts';
import { type Kept, TopK } from '../../kit/top-k.ts';
import type { Outcome } from '../../proxy/exchange/outcome.ts';
import type { Entry } from '../../store/store.ts';
import type { StoreOperation } from '../../store/timed-store.ts';
import { countsAs } from './miss-reason.ts';
import { MissLedger } from './misses.ts';
import {
  type CountersShare,
  type HotKey,
  increaseAll,
  type OperationCounts,
  type TypeCounts,
} from './counters-share.ts';
import { add, addAll, at, newTally, observe, sumOf, type Tally } from './tally.ts';
import { WriteLedger } from './write-ledger.ts';
import { LastLookups } from './window.ts';

export type { HotKey, OperationCounts, TypeCounts } from './counters-share.ts';

export const operationBounds: readonly number[] = [
  0.000001, 0.000005, 0.00001, 0.00005, 0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5,
];

const most = { types: 200, hotKeys: 600 };
/** Weights of hot and costly URLs halve in this time. */
const halfLifeMs = 3_600_000;

/** All counters of one process. */
export class Counters {
  readonly types = new Map<string, TypeCounts>();
  readonly shared = newTally();
  readonly ledger = new MissLedger(halfLifeMs);
  readonly writes = new WriteLedger();
  readonly last = new LastLookups();
  readonly hot = new TopK<HotKey>({ limit: most.hotKeys, halfLifeMs });
  readonly purgesByCause = new Map<string, number>();
  readonly handshakeFailures = new Map<HandshakeFailure, number>();
  readonly proxyRefusals = new Map<ProxyRefusal, number>();
  readonly operations = new Map<StoreOperation, OperationCounts>();
  /** Entries that came from Redis and have not answered a request yet. */
  readonly #fromRedis = new WeakSet<Entry>();
  #redisWaiting = 0;
  #lastName = '';
  #lastType: TypeCounts | undefined;

  readonly onOutcome = (outcome: Outcome): void => {
    const type = this.#typeOf(outcome.contentType);
    type.outcomes.set(outcome.kind, (type.outcomes.get(outcome.kind) ?? 0) + 1);
    switch (countsAs(outcome)) {
      case 'hit':
        this.#hit(type.tally, outcome);
        return;
      case 'miss':
        this.#miss(type.tally, outcome);
        return;
      case 'write':
        add(type.tally, at.writes, 1);
    }
  };

  /** Refused before it was classified. */
  readonly onRefused = (): void => {
    const { outcomes } = this.#typeOf('none');
    outcomes.set('refused', (outcomes.get('refused') ?? 0) + 1);
  };

  /** Counts a connection that did not become a secure one. */
  readonly onHandshakeFailure = (reason: HandshakeFailure): void => {
    this.handshakeFailures.set(reason, (this.handshakeFailures.get(reason) ?? 0) + 1);
  };

  /** Counts a connection that did not say, as it must, for which client it is. */
  readonly onProxyRefused = (reason: ProxyRefusal): void => {
    this.proxyRefusals.set(reason, (this.proxyRefusals.get(reason) ?? 0) + 1);
  };

  /** Counts a hit that was compared with what the origin gives. */
  readonly onAudited = (contentType: string, kind: 'same' | 'noise' | 'stale' | 'unjudged'): void => {
    if (kind === 'unjudged') return;
    const { tally } = this.#typeOf(contentType);
    add(tally, at.audited, 1);
    if (kind === 'stale') add(tally, at.auditedStale, 1);
  };

  /** Counts one call of the origin. `isError`: no answer, or one that says the origin is in trouble. */
  readonly onOrigin = (duration: Seconds, isError: boolean): void => {
    add(this.shared, at.originRequests, 1);
    if (isError) add(this.shared, at.originErrors, 1);
    add(this.shared, at.originSeconds, duration);
    observe(this.shared, 'originTimes', duration);
  };

  readonly onPurge = (cause: string): void => {
    add(this.shared, at.purges, 1);
    this.purgesByCause.set(cause, (this.purgesByCause.get(cause) ?? 0) + 1);
  };

  readonly onOperation = (operation: StoreOperation, duration: Seconds): void => {
    const counts = this.#operation(operation);
    counts.count += 1;
    counts.seconds += duration;
    let bucket = 0;
    while (bucket < operationBounds.length && duration > (operationBounds[bucket] ?? 0)) bucket += 1;
    counts.tally[bucket] = (counts.tally[bucket] ?? 0) + 1;
  };

  /** Renewals included. */
  readonly onStored = ({ contentType, policy }: Entry): void => {
    const type = this.#typeOf(contentType);
    const lifetime = Math.max(0, policy.lifetime - policy.initialAge) as Seconds;
    type.lastLifetime = lifetime;
    add(type.tally, at.stored, 1);
    add(type.tally, at.lifetimeSeconds, lifetime);
    observe(type.tally, 'lifetimes', lifetime);
  };

  readonly onFromRedis = (entry: Entry): void => {
    if (this.#fromRedis.has(entry)) return;
    this.#fromRedis.add(entry);
    this.#redisWaiting += 1;
  };

  /** The tier that an answer comes from; call this before its outcome is counted. */
  tierOf(entry: Entry | undefined): 'memory' | 'redis' {
    return entry !== undefined && this.#redisWaiting > 0 && this.#fromRedis.has(entry) ? 'redis' : 'memory';
  }

  total(): Tally {
    return sumOf([this.shared, ...[...this.types.values()].map(({ tally }) => tally)]);
  }

  /** What was counted since the last call, for another process to `take`. From now on this one counts from nothing. */
  drain(): CountersShare {
    const share: CountersShare = {
      types: [...this.types],
      shared: this.shared.slice(),
      misses: this.ledger.drain(),
      last: this.last.drain(),
      hot: this.hot.heaviest(),
      purges: [...this.purgesByCause],
      handshakeFailures: [...this.handshakeFailures],
      proxyRefusals: [...this.proxyRefusals],
      writes: this.writes.drain(),
      operations: [...this.operations],
    };
    this.#lastType = undefined;
    this.#lastName = '';
    this.shared.fill(0);
    const { types, purgesByCause, handshakeFailures, proxyRefusals, operations } = this;
    for (const map of [types, purgesByCause, handshakeFailures, proxyRefusals, operations]) map.clear();
    this.hot.clear();
    return share;
  }

  /** Counts what another process has counted. */
  take({ types, shared, misses, last, hot, ...rest }: CountersShare): void {
    for (const [name, { tally, outcomes, lastLifetime }] of types) {
      const type = this.#typeOf(name);
      addAll(type.tally, tally);
      type.lastLifetime = lastLifetime ?? type.lastLifetime;
      increaseAll(type.outcomes, outcomes);
    }
    addAll(this.shared, shared);
    this.ledger.take(misses);
    for (const [isHit, duration] of last) this.last.record(isHit, duration);
    for (const one of hot) this.#takeHot(one);
    increaseAll(this.purgesByCause, rest.purges);
    increaseAll(this.handshakeFailures, rest.handshakeFailures);
    increaseAll(this.proxyRefusals, rest.proxyRefusals);
    this.writes.take(rest.writes);
    for (const [name, counts] of rest.operations) {
      const operation = this.#operation(name);
      operation.count += counts.count;
      operation.seconds += counts.seconds;
      for (const [bucket, count] of counts.tally.entries()) add(operation.tally, bucket, count);
    }
  }

  #takeHot({ name, weight, value }: Kept<HotKey>): void {
    const kept = this.hot.record(name, weight);
    if (kept === undefined || value === undefined) return;
    kept.value ??= { ...value, hits: 0, savedSeconds: 0 };
    kept.value.hits += value.hits;
    kept.value.savedSeconds += value.savedSeconds;
  }

  turnTo(nowMs: number): void {
    this.hot.turnTo(nowMs);
    this.ledger.turnTo(nowMs);
    this.writes.turnTo(nowMs);
  }

  #operation(name: StoreOperation): OperationCounts {
    let counts = this.operations.get(name);
    if (counts === undefined) {
      counts = { count: 0, seconds: 0, tally: new Float64Array(operationBounds.length + 1) };
      this.operations.set(name, counts);
    }
    return counts;
  }

  #typeOf(name: string): TypeCounts {
    // Consecutive requests are mostly of one type.
    if (name === this.#lastName && this.#lastType !== undefined) return this.#lastType;
    const known = this.types.get(name);
    const type = known ?? this.#newType(name);
    this.#lastName = name;
    this.#lastType = type;
    return type;
  }

  #newType(name: string): TypeCounts {
    const kept = this.types.size < most.types ? name : '(other)';
    const type = this.types.get(kept) ?? { tally: newTally(), outcomes: new Map(), lastLifetime: undefined };
    this.types.set(kept, type);
    return type;
  }

  #hit(tally: Tally, { duration, entry, cacheStatus }: Outcome): void {
    this.last.record(true, duration);
    add(tally, at.hits, 1);
    add(tally, at.hitSeconds, duration);
    observe(tally, 'hitTimes', duration);
    if (stale(tally, cacheStatus)) add(tally, at.staleHits, 1);
    if (entry === undefined) return;
    // From the second time on it is in memory.
    if (this.#redisWaiting > 0 && this.#fromRedis.delete(entry)) {
      this.#redisWaiting -= 1;
      add(tally, at.redisHits, 1);
    }
    this.#saved(tally, entry);
  }

  #saved(tally: Tally, entry: Entry): void {
    const { key, originSeconds, body } = entry;
    add(tally, at.savedSeconds, originSeconds);
    add(tally, at.savedBytes, body.length);
    const times = this.hot.sample();
    const kept = times === 0 ? undefined : this.hot.record(key, times);
    if (kept === undefined) return;
    kept.value ??= hotKeyOf(entry);
    kept.value.hits += times;
    kept.value.savedSeconds += times * originSeconds;
  }

  #miss(tally: Tally, outcome: Outcome): void {
    const { duration, kind, cacheStatus, entry } = outcome;
    this.last.record(false, duration);
    this.ledger.record(outcome);
    add(tally, at.misses, 1);
    add(tally, at.missSeconds, duration);
    observe(tally, 'missTimes', duration);
    if (outcome.pass !== undefined) add(tally, at.passes, 1);
    if (kind === 'failed') add(tally, at.failed, 1);
    if (stale(tally, cacheStatus)) add(tally, at.standIns, 1);
    if (cacheStatus?.kind === 'forward' && cacheStatus.collapsed === true) {
      add(tally, at.collapsed, 1);
      if (entry !== undefined) this.#saved(tally, entry);
    }
  }
}

const hotKeyOf = ({ host, target, contentType, partition }: Entry): HotKey => ({
  ...{ url: host + target, type: contentType, partition },
  ...{ hits: 0, savedSeconds: 0 },
});

/** Notes how stale the client's answer was; `false`: it was fresh or came from the origin. */
function stale(tally: Tally, cacheStatus: Outcome['cacheStatus']): boolean {
  const ttl = cacheStatus?.ttl ?? 0;
  if (ttl >= 0) return false;
  add(tally, at.staleSeconds, -ttl);
  observe(tally, 'staleness', -ttl);
  return true;
}
