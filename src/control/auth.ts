/**
 * Lets holders of a token use the control API, as far as its scopes go.
 *
 * Promises: a right token always works within its rate, whatever others have tried. Wrong ones are counted in
 * bounded memory; too many from one address are answered 429.
 */

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { Scope } from '../config/schema/control-token.ts';
import { BoundedMap } from '../kit/bounded-map.ts';
import type { Clock } from '../kit/time.ts';
import { sendProblem } from './problem-answer.ts';
import { covers, type Holder, holderOf, holdersOf, type Tokens } from './token-holders.ts';

/** A scope (default: `read` for GET and HEAD, else `admin`). `holder`: any token. `page`: that one is configured. `anyone`: nothing. */
export type Access = Scope | 'holder' | 'page' | 'anyone';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyRequest {
    /** The name of the token it came with; empty where it needed none. */
    caller: string;
    /** The scopes of that token. */
    scopes: readonly Scope[] | undefined;
  }
}

export type AuthOptions = Tokens & {
  readonly clock: Clock;
  readonly log: Logger;
};

export type Authorize = (request: FastifyRequest, reply: FastifyReply) => boolean;

const patience = { failures: 10, perMs: 60_000, addresses: 1000 };

type Failures = { count: number; readonly since: number };

/** Creates the hook that checks the token. */
export function createAuthorize({ clock, log, ...tokens }: AuthOptions): Authorize {
  const holders = holdersOf(tokens);
  const failures = new BoundedMap<string, Failures>(patience.addresses);

  const refuse = (request: FastifyRequest, reply: FastifyReply, given: string | undefined): false => {
    void reply.header('WWW-Authenticate', 'Bearer realm="shelflife control"');
    if (given === undefined) {
      const detail = holders.length === 0 ? noToken : 'send the control token as Authorization: Bearer TOKEN';
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
    const { access = scopeOf(request.method) } = request.routeOptions.config;
    if (access === 'anyone' || (access === 'page' && holders.length > 0)) return true;
    if (holders.length === 0) return refuse(request, reply, undefined);
    const given = tokenOf(request.headers);
    const holder = given === undefined ? undefined : holderOf(holders, given);
    if (holder === undefined) return refuse(request, reply, given);
    request.caller = holder.name;
    request.scopes = holder.scopes;
    return mayGoOn(holder, { reply, access, nowMs: clock.monotonicMs() });
  };
}

/** Also as the clients of Fastly and Cloudflare send it. */
const tokenOf = ({ authorization = '', ...headers }: FastifyRequest['headers']): string | undefined =>
  /^Bearer +(\S+) *$/i.exec(authorization)?.[1] ?? oneOf(headers['fastly-key'] ?? headers['x-auth-key']);

const oneOf = (value: string | string[] | undefined): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

const scopeOf = (method: string): Scope => (method === 'GET' || method === 'HEAD' ? 'read' : 'admin');

type Going = { readonly reply: FastifyReply; readonly access: Access; readonly nowMs: number };

function mayGoOn(holder: Holder, { reply, access, nowMs }: Going): boolean {
  const { name, bucket } = holder;
  if (bucket?.take(nowMs) === false) {
    void reply.header('Retry-After', String(Math.ceil(bucket.waitMs(nowMs) / 1000)));
    sendProblem(reply, { status: 429, detail: `the token ${name} has used up its requests a minute` });
    return false;
  }
  if (access === 'holder' || covers(holder, access)) return true;
  sendProblem(reply, { status: 403, detail: `the token ${name} has no scope ${access}` });
  return false;
}

const noToken =
  'no control token is configured, so only /healthz and /readyz answer: ' +
  'set control.token or control.tokens in the configuration, or SHELFLIFE_TOKEN, at least 32 characters, and start again';

function countFailure(failures: BoundedMap<string, Failures>, address: string, nowMs: number): Failures {
  const before = failures.get(address);
  const isRecent = before !== undefined && nowMs - before.since < patience.perMs;
  const failed = isRecent ? before : { count: 0, since: nowMs };
  failed.count += 1;
  failures.set(address, failed);
  return failed;
}
