/**
 * Not for the cache: forwarded as it is, answered as it comes (CONTRACT §4).
 *
 * The usual methods go the way of fetches, without a store, WebSockets included; rare ones through @fastify/http-proxy
 * (docs/decisions/0019).
 * Promises: a write reaches the origin once at most; what it makes stale is ended before its answer is released, also
 * when its outcome is unknown.
 */

import { cacheStatusValue } from '../../http/cache-status.ts';
import type { Fields } from '../../http/message.ts';
import { targetText } from '../../http/path-spelling.ts';
import type { OriginFailure } from '../../origin/failure.ts';
import { endStale } from './end-stale.ts';
import { elapsed, type Exchange, tellOutcome } from '../exchange/exchange.ts';
import { sendFailure } from '../hit/fail.ts';
import { keeperOf, type PostKeeper } from './keep-post.ts';
import { learn, outcomeOf, type PassCause, passStatus, relay } from './relay.ts';
import { isRelayed, originHostOf, passFields, relayedFields } from '../exchange/upstream-fields.ts';

export type PassInput = PassCause & {
  /** Hands the request to @fastify/http-proxy; absent: it is relayed. */
  readonly forward?: ((forwarded: Forwarded) => void) | undefined;
};

/** An answer that may be released: the fields to send, and who is to be given its body besides the client. */
export type Released = { readonly fields: string[]; readonly keeper: PostKeeper | undefined };

/** A request on its way through @fastify/http-proxy, and what to do with what comes back. */
export type Forwarded = {
  readonly target: string;
  readonly fields: Fields;
  readonly onInformation: (status: number, fields: Fields) => void;
  /** The answer's head is here: resolves, with the fields to send, when it may be released. */
  readonly onHead: (status: number, fields: Fields) => Promise<Released>;
  /** There is no answer; resolves when the client has been told. */
  readonly onFailure: (failure: OriginFailure) => Promise<void>;
  /** The client has gone; an answer may still come. */
  readonly onClientGone: () => Promise<void>;
  /** The answer has been given. */
  readonly onEnd: () => void;
};

/** Passes a request. Resolves when it is over, or at once when @fastify/http-proxy has it. */
export function pass(exchange: Exchange, input: PassInput): Promise<void> | undefined {
  if (input.forward === undefined || isRelayed(exchange.request.method)) return relay(exchange, input);
  input.forward(forwardedOf(exchange, input));
  return undefined;
}

function forwardedOf(exchange: Exchange, input: PassInput): Forwarded {
  const { request, site } = exchange;
  const cacheStatus = passStatus(input);
  let status = 0;
  const common = { cacheStatus, pass: input.reason };
  return {
    target: targetText(request.path, request.query),
    fields: passFields(request, originHostOf(request, site)),
    onInformation: (informed, fields) => {
      exchange.reply.information(informed, fields);
    },
    onHead: async (given, fields) => {
      status = given;
      learn(exchange, fields);
      await endStale(exchange, { kind: 'response', status, fields });
      const keeper = await keeperOf(exchange, { status, fields, requestTime: exchange.now });
      const stored = keeper !== undefined;
      const relayed = relayedFields({ status, fields }, cacheStatusValue({ ...cacheStatus, stored }));
      return { fields: exchange.reply.finish?.(relayed) ?? relayed, keeper };
    },
    onFailure: async (failure) => {
      await endStale(exchange, outcomeOf(failure));
      const told = sendFailure(exchange, failure, cacheStatusValue(cacheStatus));
      tellOutcome(exchange, { kind: 'failed', status: told, failure: failure.reason, ...common });
    },
    // The write may have happened, or happen yet: ended now, and again when its answer comes.
    onClientGone: () => endStale(exchange, { kind: 'unknown' }),
    onEnd: () => {
      tellOutcome(exchange, { kind: 'pass', status, originDuration: elapsed(exchange), ...common });
    },
  };
}
