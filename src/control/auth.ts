/**
 * Lets holders of the token use the control API.
 *
 * Promises: tokens are compared in constant time, by digests of equal length. The right token always works, whatever others
 * have tried. Wrong ones are counted in bounded memory; too many from one address are answered 429.
 */

import { hash, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { BoundedMap } from '../kit/bounded-map.ts';
import type { Clock } from '../kit/time.ts';
import { sendProblem } from './problem-answer.ts';

/**
 * What a route asks of its caller. `token`: the token (the default). `page`: nothing, as long as a token is configured.
 * `anyone`: nothing.
 */
export type Access = 'token' | 'page' | 'anyone';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
}

export type AuthOptions = {
  readonly token: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
};

/** Whether the request may continue; `false` when it has been answered here. */
export type Authorize = (request: FastifyRequest, reply: FastifyReply) => boolean;

/** How many wrong tokens one address may send within the window. */
const patience = { failures: 10, perMs: 60_000, addresses: 1000 };

type Failures = { count: number; readonly since: number };

/** Creates the hook that checks the token. */
export function createAuthorize({ token, clock, log }: AuthOptions): Authorize {
  const digest = token === undefined ? undefined : digestOf(token);
  const failures = new BoundedMap<string, Failures>(patience.addresses);

  const refuse = (request: FastifyRequest, reply: FastifyReply, given: string | undefined): false => {
    void reply.header('WWW-Authenticate', 'Bearer realm="shelflife control"');
    if (given === undefined) {
      const detail = digest === undefined ? noToken : 'send the control token as Authorization: Bearer TOKEN';
      sendProblem(reply, { status: 401, detail });
      return false;
    }
    const failed = countFailure(failures, request.ip, clock.monotonicMs());
    if (failed.count === 1 || failed.count === patience.failures + 1) {
      log.warn({ address: request.ip, failures: failed.count }, 'control: wrong token');
    }
    if (failed.count > patience.failures) {
      void reply.header('Retry-After', String(patience.perMs / 1000));
      sendProblem(reply, { status: 429, detail: 'too many wrong control tokens from this address' });
    } else sendProblem(reply, { status: 401, detail: 'the control token is wrong' });
    return false;
  };

  return (request, reply) => {
    const { access = 'token' } = request.routeOptions.config;
    if (access === 'anyone' || (access === 'page' && digest !== undefined)) return true;
    if (digest === undefined) return refuse(request, reply, undefined);
    const given = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
    if (given !== undefined && timingSafeEqual(digestOf(given), digest)) return true;
    return refuse(request, reply, given);
  };
}

const noToken =
  'no control token is configured, so only /healthz and /readyz answer: ' +
  'set control.token in the configuration or SHELFLIFE_TOKEN, at least 32 characters, and start again';

const digestOf = (token: string): Buffer => hash('sha256', token, 'buffer');

function countFailure(failures: BoundedMap<string, Failures>, address: string, nowMs: number): Failures {
  const before = failures.get(address);
  const isRecent = before !== undefined && nowMs - before.since < patience.perMs;
  const failed = isRecent ? before : { count: 0, since: nowMs };
  failed.count += 1;
  failures.set(address, failed);
  return failed;
}
