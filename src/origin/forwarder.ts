/**
 * Forwards what is not for the cache, mainly writes, for @fastify/http-proxy over the origin's own connections.
 *
 * Promise: a call is over when its body has been read or abandoned, or when there is none.
 */

import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Clock } from '../kit/time.ts';
import { framingOf, retryAfterOf } from './answer-head.ts';
import { type CallListener, CallTeller } from './call-listener.ts';
import { failureOf, failureReason } from './failure.ts';
import { tellsOfOrigin } from './trouble.ts';

type Request = Dispatcher.DispatchOptions & Dispatcher.RequestOptions;
type Answer = Dispatcher.ResponseData;
type Done = (error: Error | null, answer: Answer) => void;

/** Sends a request and calls back with the head of its answer; the body is still to be read. */
export type Forwarder = (request: Request, done: Done) => void;

/** Creates the forwarder of an origin. */
export function createForwarder(
  agent: Dispatcher,
  { clock, listeners }: { readonly clock: Clock; readonly listeners: readonly CallListener[] },
): Forwarder {
  return (request, done) => {
    const call = new CallTeller({
      clock,
      listeners,
      probe: undefined,
      hasBody: bodyOf(request) !== undefined,
    });
    agent.request(request, (error, answer) => {
      const failure = error ?? problemOf(request, answer);
      if (failure === undefined) follow(call, answer);
      else fail(call, request, failure);
      done(failure ?? null, answer);
    });
  };
}

/** RFC 9112 §7: nothing here decodes a transfer coding that was not asked for. */
function problemOf({ method }: Request, { statusCode, headers, body }: Answer): Error | undefined {
  if (framingOf(method, statusCode, fieldsOf(headers)) !== 'coded') return undefined;
  body.on('error', () => undefined).destroy();
  return new Error('a transfer coding that was not asked for');
}

function follow(call: CallTeller, { statusCode, headers, body }: Answer): void {
  call.answered(statusCode, retryAfterOf(fieldsOf(headers)));
  let failure: Error | undefined;
  body.once('error', (error) => {
    failure = error;
  });
  body.once('close', () => {
    if (body.readableEnded) call.ended();
    else call.ended(failure === undefined ? 'aborted' : failureReason(failure, true));
  });
}

function fail(call: CallTeller, request: Request, error: Error): void {
  const { reason, sent } = failureOf(error);
  call.failed(reason, tellsOfOrigin(reason, { hasBody: bodyOf(request) !== undefined, wasSent: sent }));
  call.ended(reason);
}

/** reply-from writes '' for no value. */
const bodyOf = ({ body }: Request): unknown => (body === '' || body === null ? undefined : body);

/** The fields of an answer from undici's `request`. */
export function fieldsOf(headers: IncomingHttpHeaders): string[] {
  const fields: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    for (const line of Array.isArray(value) ? value : [value ?? '']) fields.push(name, line);
  }
  return fields;
}
