/**
 * The lane: plain requests, answered from the connection's bytes, before node:http would read them (docs/lifecycle.md).
 *
 * Promises: a client gets the same bytes with the lane and without it, but for `Date`; a request that is not provably plain, or
 * whose body is still coming, is node:http's. Nothing is decided here that the pipeline decides.
 */

import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { plainAddress, trustOf } from '../front/trusted-proxies.ts';
import { type Seconds, seconds, systemClock } from '../kit/time.ts';
import type { MessageHead, ReadResult } from '../proxy/exchange/client-request.ts';
import type { Services } from '../proxy/exchange/exchange.ts';
import { crashAnswer } from '../proxy/h2/answer-here.ts';
import { keepAliveMs, type Limits } from '../proxy/listen/limits.ts';
import type { Lane } from '../proxy/listen/lane.ts';
import { answerKeyed, type Pipeline } from '../proxy/pipeline.ts';
import type { Store } from '../store/store.ts';
import { LaneConnection } from './connection.ts';
import { LaneOfTwo } from './h2/lane-of-two.ts';
import { type Hit, Hits, Tails } from './hits.ts';
import type { LaneReply } from './lane-reply.ts';
import { Output } from './output.ts';
import { createPlanner, holds, type Planner } from './plan.ts';
import { plansFor, Remembered } from './remembered.ts';
import type { RequestLine } from './request-line.ts';
import type { Asked, Asker, Shared } from './shared.ts';
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
  /** Answers plain requests for anything else; absent: node:http does. */
  readonly pipeline?: LanePipeline | undefined;
};

type LanePipeline = {
  readonly run: Pipeline;
  /** Hears of an error of ours. */
  readonly onError: (error: unknown) => void;
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
      tellHit({ services, planner }, hit, duration);
    }
    sent.length = 0;
  });
  const planner = createPlanner(services, options.read);
  const hits = new Hits({ services, planner, peek: options.peek });
  const finding: Finding = { services, planner, hits, turn };
  const answering = options.pipeline && { ...options.pipeline, planner };
  let isLeaving = false;
  const shared: Shared = {
    http,
    limits,
    output: new Output({ tails: new Tails(), date: () => turn.date }),
    isLeaving: () => isLeaving,
    find: (asker, line) => find(finding, asker, line),
    answer: (asker, asked, reply) => answering !== undefined && answer(answering, asker, { asked, reply }),
    date: () => turn.date,
    onSent: (hit) => void sent.push(hit),
    monotonicMs: () => turn.monotonicMs,
    onClosed: (connection) => connections.delete(connection as LaneConnection),
  };
  tellOfAnswers(http);
  const overTwo = new LaneOfTwo(shared);
  checkRegularly(http, limits, (nowMs) => {
    for (const connection of connections) connection.check(nowMs, idleMs);
    overTwo.check(nowMs);
  });
  const rememberedFor = createRemembered(options);
  return {
    accept: (socket) => {
      connections.add(new LaneConnection(socket, rememberedFor(socket), shared));
    },
    acceptTwo: (socket, serve) => overTwo.accept({ socket, serve, remembered: rememberedFor(socket) }),
    leave: () => {
      isLeaving = true;
    },
    closeIdle: () => {
      for (const connection of connections) if (connection.isIdle) connection.close();
    },
  };
}

/** Tells connections when node:http begins to answer. */
function tellOfAnswers(http: Server): void {
  http.prependListener('request', ({ socket }, response) => {
    if ((socket as unknown) instanceof ViaNode) (socket as unknown as ViaNode).begun(response);
  });
}

/** Has connections whose clients are silent for too long ended, until node:http closes. */
function checkRegularly(http: Server, { checkEveryMs }: Limits, check: (nowMs: number) => void): void {
  const checking = setInterval(() => {
    check(systemClock.monotonicMs());
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

function find({ services, planner, hits, turn }: Finding, asker: Asker, line: RequestLine): Hit | undefined {
  const { known, remembered, socket, httpVersion } = asker;
  asker.exchange = undefined;
  if (known === undefined) return undefined;
  const before = known.planned(line);
  if (before !== undefined && holds(before, services, turn.wallNow)) {
    return before.kind === 'slow' ? undefined : hits.find(before, { now: turn.now, socket, httpVersion });
  }
  const { method, target } = line;
  const { scanned } = known;
  const planned = planner.plan({ method, target, fields: known.block.fields, socket, scanned });
  if (planned === undefined) return undefined;
  const isKeyed = 'plan' in planned;
  if (isKeyed && before === undefined && !hits.mayFind(planned.exchange.plan.key)) {
    asker.exchange = planned.exchange;
    return undefined;
  }
  const plan = isKeyed ? planned.plan() : planned;
  const decided = isKeyed ? planned : undefined;
  const hit =
    plan.kind === 'slow' ? undefined : hits.find(plan, { now: turn.now, socket, httpVersion, decided });
  // Most of what is asked for and not stored is not asked for again: a plan for it would be kept in vain.
  if (plan.kind === 'slow' || plan.prepared !== undefined || before !== undefined)
    remembered.remember(known, line, plan);
  if (hit === undefined && isKeyed) asker.exchange = planned.exchange;
  return hit;
}

type Answering = LanePipeline & { readonly planner: Planner };

/** Goes on from what was decided, or has the pipeline decide. `false`: it does not read the request as one. */
function answer(
  answering: Answering,
  asker: Asker,
  { asked, reply }: { readonly asked: Asked; readonly reply: LaneReply },
): boolean {
  const { run, planner } = answering;
  const { known, socket, exchange } = asker;
  // The next request on the connection may not be looked for.
  asker.exchange = undefined;
  if (exchange !== undefined) {
    const { services, request, site } = exchange;
    if (site.finish !== undefined) reply.finish = site.finish;
    request.trace = services.traces?.begin(request.fields);
    settle(answering, reply, () => answerKeyed({ ...exchange, reply }));
    return true;
  }
  const { method, target } = asked;
  const request =
    known && planner.read({ method, target, fields: known.block.fields, socket, scanned: known.scanned });
  if (request === undefined) return false;
  settle(answering, reply, () => run(request, reply));
  return true;
}

/** A broken promise of ours: the request ends, the process lives. */
function settle({ onError }: Answering, reply: LaneReply, run: () => Promise<void> | undefined): void {
  const crash = (error: unknown): void => {
    onError(error);
    if (reply.hasBegun) {
      reply.abort();
      return;
    }
    const { status, fields, text } = crashAnswer();
    reply.head(status, fields);
    reply.end(Buffer.from(text));
  };
  try {
    run()?.catch(crash);
  } catch (error) {
    crash(error);
  }
}
