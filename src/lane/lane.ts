/**
 * The lane: hits in memory, answered from the connection's bytes, before node:http would read them (docs/lifecycle.md).
 *
 * Promises: a client gets the same bytes with the lane and without it, but for `Date`; a request that is not provably plain, and
 * one that is no fresh hit, is node:http's. Nothing is decided here that the pipeline decides.
 */

import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { type EpochMs, type Seconds, seconds, systemClock } from '../kit/time.ts';
import { type MessageHead, type ReadResult, trustOf } from '../proxy/exchange/client-request.ts';
import type { Services } from '../proxy/exchange/exchange.ts';
import { keepAliveMs, type Limits } from '../proxy/listen/limits.ts';
import type { Lane } from '../proxy/listen/lane.ts';
import type { Store } from '../store/store.ts';
import { LaneConnection } from './connection.ts';
import { type Hit, Hits, Tails } from './hits.ts';
import { Output } from './output.ts';
import { createPlanner, holds, type Planner } from './plan.ts';
import { Remembered } from './remembered.ts';
import type { AskedFor, Shared } from './shared.ts';
import { ViaNode } from './via-node.ts';

export type LaneOptions = {
  readonly services: Services;
  readonly read: (message: MessageHead) => ReadResult;
  readonly trustedProxies: readonly string[];
  /** The store without what times it. */
  readonly peek: Store['peek'];
  readonly limits: Limits;
};

/** node:http closes an idle connection a second after it said it would, for requests that are on their way. */
const idleMs = keepAliveMs + 1000;
/** However few entries there are. */
const leastPlans = 4096;

/** Makes the lane of a listener. */
export function createLane(options: LaneOptions, http: Server): Lane {
  const { services, limits } = options;
  const connections = new Set<LaneConnection>();
  const turn = new Turn(options);
  const planner = createPlanner(services, options.read);
  const hits = new Hits({ services, planner, peek: options.peek });
  const finding: Finding = { services, planner, hits, turn };
  let isLeaving = false;
  const shared: Shared = {
    http,
    limits,
    output: new Output({ tails: new Tails(), date: () => turn.date }),
    isLeaving: () => isLeaving,
    find: (asked) => find(asked, finding),
    onSent: (hit) => {
      tellHit(services, hit, turn);
    },
    monotonicMs: () => turn.monotonicMs,
    onClosed: (connection) => connections.delete(connection as LaneConnection),
  };
  http.prependListener('request', ({ socket }, response) => {
    if ((socket as unknown) instanceof ViaNode) (socket as unknown as ViaNode).begun(response);
  });
  const checking = setInterval(() => {
    const nowMs = systemClock.monotonicMs();
    for (const connection of connections) connection.check(nowMs, idleMs);
  }, limits.checkEveryMs).unref();
  http.once('close', () => {
    clearInterval(checking);
  });
  const rememberedFor = createRemembered(options);
  return {
    accept: (socket) => {
      connections.add(new LaneConnection(socket, rememberedFor(socket), shared));
    },
    leave: () => {
      isLeaving = true;
    },
    closeIdle: () => {
      for (const connection of connections) if (connection.isIdle) connection.close();
    },
  };
}

/** What is remembered apart for connections whose requests are read differently: encrypted, or from a trusted proxy. */
function createRemembered({ trustedProxies, services }: LaneOptions): (socket: Socket) => Remembered {
  const isTrusted = trustOf(trustedProxies);
  const mostPlans = (): number => Math.max(leastPlans, services.store.size().entries * 1.25);
  const all = Array.from({ length: 4 }, () => new Remembered(mostPlans));
  return (socket) => {
    const isEncrypted = (socket as { encrypted?: boolean }).encrypted === true;
    const address = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    const kind = Number(isEncrypted) + 2 * Number(isTrusted?.(address) === true);
    return all[kind] ?? new Remembered(mostPlans);
  };
}

type Finding = {
  readonly services: Services;
  readonly planner: Planner;
  readonly hits: Hits;
  readonly turn: Turn;
};

function find(asked: AskedFor, { services, planner, hits, turn }: Finding): Hit | undefined {
  const { method, target, known, remembered, socket } = asked;
  const before = known.planned(method, target);
  if (before !== undefined && holds(before, services, turn.now)) {
    return before.kind === 'slow' ? undefined : hits.find(before, turn.now, socket);
  }
  const plan = planner.plan({ method, target, fields: known.block.fields, socket });
  if (plan === undefined) return undefined;
  remembered.remember(known, { method, target }, plan);
  return plan.kind === 'slow' ? undefined : hits.find(plan, turn.now, socket);
}

/** One turn of the event loop: the clock is read once. */
class Turn {
  readonly #services: Services;
  #isRead = false;
  #now = 0 as EpochMs;
  #monotonicMs = 0;
  #startedMs = 0;
  #second = -1;
  #date = '';

  constructor({ services }: Pick<LaneOptions, 'services'>) {
    this.#services = services;
  }

  get now(): EpochMs {
    this.#read();
    return this.#now;
  }

  /** For how long connections are silent, by the machine's clock. */
  get monotonicMs(): number {
    this.#read();
    return this.#monotonicMs;
  }

  /** As `Date` says it. */
  get date(): string {
    this.#read();
    return this.#date;
  }

  /** Seconds since the turn began. */
  get elapsed(): Seconds {
    this.#read();
    return seconds((this.#services.clock.monotonicMs() - this.#startedMs) / 1000);
  }

  #read(): void {
    if (this.#isRead) return;
    this.#isRead = true;
    const { clock } = this.#services;
    this.#now = clock.now();
    this.#startedMs = clock.monotonicMs();
    this.#monotonicMs = systemClock.monotonicMs();
    const second = Math.floor(systemClock.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#date = new Date(second * 1000).toUTCString();
    }
    setImmediate(() => {
      this.#isRead = false;
    });
  }
}

function tellHit(services: Services, { plan, entry, answer, ttl }: Hit, turn: Turn): void {
  const { match, method, host, target, requestId, site, keyed } = plan;
  if (site.countsPopularity) services.popularity.record(keyed.key, turn.now);
  services.store.use(entry);
  services.onOutcome({
    kind: 'hit',
    status: answer.status,
    contentType: match.contentType.name,
    route: match.route?.pattern,
    method,
    host,
    target,
    requestId,
    entry,
    cacheStatus: { kind: 'hit', ttl },
    miss: undefined,
    purgedBy: undefined,
    pass: undefined,
    doubt: undefined,
    refusal: undefined,
    failure: undefined,
    notStored: undefined,
    originDuration: undefined,
    duration: turn.elapsed,
  });
}
