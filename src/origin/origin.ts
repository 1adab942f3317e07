/** Opens the origin: one shared undici pool, deadlines, and our own names for failures. */

import { defaults } from '../config/config.ts';
import { type Clock, systemClock } from '../kit/time.ts';
import { openConnect } from './connect.ts';
import { longestAgeFor, openPool } from './connections.ts';
import {
  Call,
  type OriginCall,
  type OriginOptions,
  type OriginReceiver,
  type OriginRequest,
} from './call.ts';
import type { CallListener } from './call-listener.ts';
import { createForwarder, type Forwarder } from './forwarder.ts';
import { type OriginCondition, OriginHealth } from './origin-health.ts';

export interface Origin {
  send(request: OriginRequest, receiver: OriginReceiver): OriginCall;
  /** For @fastify/http-proxy, which forwards what is not for the cache over the same connections. */
  readonly forward: Forwarder;
  readonly health: OriginCondition;
  close(): Promise<void>;
}

/** gunicorn drops idle connections after 2 s: ours end earlier, so that writes, never repeated, meet live ones. */
const keepAliveMs = 1500;
const maxHeadBytes = 64 * 1024;

type OriginSurroundings = {
  readonly clock?: Clock;
  readonly health?: OriginHealth;
  readonly listeners?: readonly CallListener[];
};

/** Opens the origin. The first request makes the first connection. */
export function openOrigin(
  options: OriginOptions,
  { clock = systemClock, health = new OriginHealth(), listeners = [] }: OriginSurroundings = {},
): Origin {
  const base = {
    connect: openConnect(options),
    longestAge: longestAgeFor(options.url, options.resolveEvery ?? defaults.upstream.resolveEvery),
    headersTimeout: options.responseTimeout * 1000,
    bodyTimeout: options.bodyTimeout * 1000,
    maxHeaderSize: maxHeadBytes,
    keepAliveTimeout: keepAliveMs,
    keepAliveMaxTimeout: 60_000,
    keepAliveTimeoutThreshold: 1000,
  };
  const agent = openPool({ ...base, connections: options.connections, pipelining: 1 });
  /** Never keeps a connection: a second try after a dead one gets a fresh connection. */
  const fresh = openPool({ ...base, pipelining: 0 });
  const heard = { clock, listeners: [tellerOf(health), ...listeners] };
  const common = { ...heard, options, agent, fresh };
  return {
    health,
    send: (request, receiver) => new Call(common, request, receiver).start(),
    forward: createForwarder(agent, heard),
    close: async () => {
      await Promise.all([agent.destroy(), fresh.destroy()]);
    },
  };
}

const tellerOf = (health: OriginHealth): CallListener => ({
  onAnswer: (news, timing) => {
    if (news !== undefined) health.heard(news, timing);
  },
});
