/**
 * The lane: hits in memory, answered from the connection's bytes, before node:http would read them (docs/lifecycle.md).
 *
 * Promises: a client gets the same bytes with the lane and without it, but for `Date`; a request that is not provably plain, and
 * one that is no fresh hit, is node:http's. Nothing is decided here that the pipeline decides.
 */

import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { plainAddress, trustOf } from '../front/trusted-proxies.ts';
import { type Seconds, seconds, systemClock } from '../kit/time.ts';
import type { MessageHead, ReadResult } from '../proxy/exchange/client-request.ts';
import type { Services } from '../proxy/exchange/exchange.ts';
import { keepAliveMs, type Limits } from '../proxy/listen/limits.ts';
import type { Lane } from '../proxy/listen/lane.ts';
import type { Store } from '../store/store.ts';
import { LaneConnection } from './connection.ts';
import { type Hit, Hits, Tails } from './hits.ts';
import { Output } from './output.ts';
import { createPlanner, holds, type Planner } from './plan.ts';
import { plansFor, Remembered } from './remembered.ts';
import type { Asker, Shared } from './shared.ts';
import { tellHit } from './tell-hits.ts';
import { Turn } from './turn.ts';
import { ViaNode } from './via-node.ts';

export type LaneOptions = {
  readonly services: Services;
  readonly read: (message: MessageHead) => ReadResult;
  readonly trustedProxies: readonly string[];
  /** The store without what times it. */
  readonly peek: Store['peek'];
  readonly limits: Limits;
  /** Hears of each lookup that found an answer. */
  readonly onLookup?: ((duration: Seconds) => void) | undefined;
};

/** node:http closes an idle connection a second after it said it would, for requests that are on their way. */
const idleMs = keepAliveMs + 1000;

/** Makes the lane of a listener. */
export function createLane(options: LaneOptions, http: Server): Lane {
  const { services, limits } = options;
  const connections = new Set<LaneConnection>();
  const sent: Hit[] = [];
  const turn = new Turn(services.clock, () => {
    const duration = seconds(turn.elapsed / sent.length);
    for (const hit of sent) {
      options.onLookup?.(hits.lookupTime);
      tellHit(services, hit, duration);
    }
    sent.length = 0;
  });
  const planner = createPlanner(services, options.read);
  const hits = new Hits({ services, planner, peek: options.peek });
  const finding: Finding = { services, planner, hits, turn };
  let isLeaving = false;
  const shared: Shared = {
    http,
    limits,
    output: new Output({ tails: new Tails(), date: () => turn.date }),
    isLeaving: () => isLeaving,
    find: (asker, method, target) => find(finding, asker, { method, target }),
    onSent: (hit) => {
      sent.push(hit);
    },
    monotonicMs: () => turn.monotonicMs,
    onClosed: (connection) => connections.delete(connection as LaneConnection),
  };
  http.prependListener('request', ({ socket }, response) => {
    if ((socket as unknown) instanceof ViaNode) (socket as unknown as ViaNode).begun(response);
  });
  checkRegularly(connections, limits, http);
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

/** Ends connections whose clients are silent for too long, until node:http closes. */
function checkRegularly(
  connections: ReadonlySet<LaneConnection>,
  { checkEveryMs }: Limits,
  http: Server,
): void {
  const checking = setInterval(() => {
    const nowMs = systemClock.monotonicMs();
    for (const connection of connections) connection.check(nowMs, idleMs);
  }, checkEveryMs).unref();
  http.once('close', () => {
    clearInterval(checking);
  });
}

/** What is remembered apart for connections whose requests are read differently: encrypted, or from a trusted proxy. */
function createRemembered({ services, trustedProxies }: LaneOptions): (socket: Socket) => Remembered {
  const isTrusted = trustOf(trustedProxies);
  const most = plansFor(services.site().config.store.memoryBytes);
  const all = Array.from({ length: 4 }, () => new Remembered(most));
  return (socket) => {
    const isEncrypted = (socket as { encrypted?: boolean }).encrypted === true;
    const address = plainAddress(socket.remoteAddress ?? '');
    const kind = Number(isEncrypted) + 2 * Number(isTrusted?.(address) === true);
    return all[kind] ?? new Remembered(most);
  };
}

type Finding = {
  readonly services: Services;
  readonly planner: Planner;
  readonly hits: Hits;
  readonly turn: Turn;
};

function find(
  { services, planner, hits, turn }: Finding,
  { known, remembered, socket }: Asker,
  { method, target }: { readonly method: string; readonly target: string },
): Hit | undefined {
  if (known === undefined) return undefined;
  const before = known.planned(method, target);
  if (before !== undefined && holds(before, services, turn.now)) {
    return before.kind === 'slow' ? undefined : hits.find(before, turn.now, socket);
  }
  const plan = planner.plan({ method, target, fields: known.block.fields, socket });
  if (plan === undefined) return undefined;
  const hit = plan.kind === 'slow' ? undefined : hits.find(plan, turn.now, socket);
  // Most of what is asked for and not stored is not asked for again: a plan for it would be kept in vain.
  if (plan.kind === 'slow' || plan.prepared !== undefined || before !== undefined)
    remembered.remember(known, { method, target }, plan);
  return hit;
}
