/**
 * The control API's listener (CONTRACT §3): its own Fastify instance, on its own address. What it can do is registered by
 * one function for each subject, given from outside.
 *
 * Promises: nothing here is ever on the public listener; every answer says `no-store` and forbids being framed or executed;
 * errors are `application/problem+json` and name no stack; a GET changes nothing.
 */

import fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type HTTPMethods,
} from 'fastify';
import type { Logger } from 'pino';
import type { Clock } from '../kit/time.ts';
import { createAuthorize } from './auth.ts';
import { sendProblem } from './problem-answer.ts';

/** Registers the routes of one subject. Routes ask for the token unless their `config.access` says otherwise. */
export type RegisterRoutes = (app: FastifyInstance) => void | Promise<void>;

export type ControlOptions = {
  readonly token: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly routes: readonly RegisterRoutes[];
};

/** Requests with a longer body are refused. */
const bodyLimit = 1024 * 1024;

/** Makes the control server; not listening yet. */
export async function createControlServer({
  token,
  clock,
  log,
  routes,
}: ControlOptions): Promise<FastifyInstance> {
  const app = fastify({
    logger: false,
    bodyLimit,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: true,
    // What Fastify itself refuses has been through no hook.
    frameworkErrors: (error, _request, reply) => {
      void reply.headers(securityFields);
      sendProblem(reply, { status: error.statusCode ?? 400, detail: 'this is no URL' });
    },
  });
  cutWhenClosing(app);
  const authorize = createAuthorize({ token, clock, log });
  app.addHook('onRequest', (request, reply, done) => {
    void reply.headers(securityFields);
    if (authorize(request, reply)) done();
  });
  // What a body is, its route says: Fastify's own reader would answer 415 where CONTRACT §3 wants 400.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    done(null, body);
  });
  app.setNotFoundHandler((request, reply) => notFound(app, request, reply));
  app.setErrorHandler((error, _request, reply) => {
    const status = statusOf(error);
    if (status >= 500) log.error({ err: error }, 'control: a request failed');
    const detail =
      status < 500 && error instanceof Error ? error.message : 'something went wrong; the log has more';
    return sendProblem(reply, { status, detail });
  });
  for (const register of routes) await register(app);
  return app;
}

/** How long requests under way may take after a stop; the rest of the stop waits for them. */
const longestDrainMs = 4000;

/** One that never comes to its end, a head half sent, must not keep the process from leaving in good order. */
function cutWhenClosing(app: FastifyInstance): void {
  let cut: NodeJS.Timeout | undefined;
  app.addHook('preClose', (done) => {
    cut = setTimeout(() => {
      app.server.closeAllConnections();
    }, longestDrainMs);
    done();
  });
  app.addHook('onClose', (_app, done) => {
    clearTimeout(cut);
    done();
  });
}

const securityFields = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy':
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

const methods: readonly HTTPMethods[] = ['GET', 'POST'];

function notFound(app: FastifyInstance, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const url = request.url.replace(/\?.*$/s, '');
  const allowed = methods.filter((method) => app.hasRoute({ method, url }));
  if (allowed.length === 0)
    return sendProblem(reply, { status: 404, detail: 'there is nothing at this path' });
  void reply.header('Allow', allowed.join(', '));
  return sendProblem(reply, { status: 405, detail: `this takes ${allowed.join(' or ')}` });
}

function statusOf(error: unknown): number {
  const status =
    typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : 500;
  return typeof status === 'number' && status >= 400 ? status : 500;
}
