/**
 * Opens the origin: one shared undici pool, deadlines, and our own names for failures.
 *
 * Promise: messages contain no address.
 */

import type { Dispatcher } from 'undici';
import { defaults } from '../config/config.ts';
import { type Clock, systemClock } from '../kit/time.ts';
import { openConnect } from './connect.ts';
import { longestAgeFor, openPool } from './connections.ts';
import {
  Exchange,
  type OriginExchange,
  type OriginOptions,
  type OriginReceiver,
  type OriginRequest,
} from './exchange.ts';
import { type OriginChange, type OriginCondition, OriginHealth } from './origin-health.ts';
import { SharedTexts } from './shared-texts.ts';

export interface Origin {
  send(request: OriginRequest, receiver: OriginReceiver): OriginExchange;
  /** Knows what every exchange of `send` came to. */
  readonly health: OriginCondition;
  /** For @fastify/http-proxy, which forwards what is not for the cache over the same connections. */
  readonly agent: Dispatcher;
  close(): Promise<void>;
}

/** gunicorn drops idle connections after 2 s: ours are given up before, so that writes, never repeated, meet live ones. */
const keepAliveMs = 1500;
const maxHeadBytes = 64 * 1024;

/** What stands around it. `onChange` is told when the breaker opens and closes. */
export type OriginSurroundings = {
  readonly clock?: Clock;
  readonly onChange?: (change: OriginChange) => void;
};

/** Opens the origin. Nothing is connected before the first request. */
export function openOrigin(
  options: OriginOptions,
  { clock = systemClock, onChange }: OriginSurroundings = {},
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
  /** Never keeps a connection: the second try after a dead one is on a connection of its own. */
  const fresh = openPool({ ...base, pipelining: 0 });
  const common = {
    options,
    agent,
    fresh,
    clock,
    health: new OriginHealth(onChange),
    texts: new SharedTexts(),
  };
  return {
    agent,
    health: common.health,
    send: (request, receiver) => new Exchange({ ...common, request, receiver }).start(),
    close: async () => {
      await Promise.all([agent.destroy(), fresh.destroy()]);
    },
  };
}
