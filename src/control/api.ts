/**
 * The control API's listener (CONTRACT §3): its own Fastify instance on its own address. One function per subject registers
 * routes.
 *
 * Promises: nothing here is ever on the public listener. Every answer says `no-store` and forbids framing and scripts.
 * Errors are `application/problem+json` without a stack. A GET changes nothing.
 */

import fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type HTTPMethods,
} from 'fastify';
import type { Logger } from 'pino';
import type { Control } from '../config/config.ts';
import type { Clock } from '../kit/time.ts';
import { withoutSchemas } from '../kit/without-schemas.ts';
import { auditRoutes } from './audit.ts';
import { createAuthorize } from './auth.ts';
import { sendProblem } from './problem-answer.ts';
import { answerUnparsed } from './unparsed.ts';

/** Registers the routes of one subject. A route needs a token unless its `config.access` says otherwise. */
export type RegisterRoutes = (app: FastifyInstance) => void | Promise<void>;

export type ControlOptions = {
  readonly control: Pick<Control, 'token' | 'tokens'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly routes: readonly RegisterRoutes[];
};

const bodyLimit = 1024 * 1024;

/** Creates the control server; it does not listen yet. */
export async function createControlServer({
  control,
  clock,
  log,
  routes,
}: ControlOptions): Promise<FastifyInstance> {
  const app = fastify({
    logger: false,
    bodyLimit,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: true,
    schemaController: withoutSchemas,
    clientErrorHandler: (error, socket) => {
      answerUnparsed(app, error as Error, socket);
    },
    // Requests that Fastify itself refuses have not passed the hooks.
    frameworkErrors: (error, _request, reply) => {
      void reply.headers(securityFields);
      sendProblem(reply, { status: error.statusCode ?? 400, detail: 'not a valid URL' });
    },
  });
  cutWhenClosing(app);
  const authorize = createAuthorize({ ...control, clock, log });
  app.decorateRequest('caller', '');
  app.decorateRequest('scopes', undefined);
  app.addHook('onRequest', (request, reply, done) => {
    void reply.headers(securityFields);
    if (authorize(request, reply)) done();
  });
  // Each route reads its own body: Fastify's reader would answer 415 where CONTRACT §3 wants 400.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    done(null, body);
  });
  app.setNotFoundHandler((request, reply) => notFound(app, request, reply));
  app.setErrorHandler((error, _request, reply) => {
    const status = statusOf(error);
    if (status >= 500) log.error({ err: error }, 'control: request failed');
    const detail = status < 500 && error instanceof Error ? error.message : 'internal error; see the log';
    return sendProblem(reply, { status, detail });
  });
  auditRoutes(app, clock);
  app.get('/api/cache/token', { config: { access: 'holder' } }, ({ caller, scopes }) => ({
    name: caller,
    scopes,
  }));
  for (const register of routes) await register(app);
  return app;
}

/** How long requests in flight may take after a stop; the rest of the stop waits for them. */
const longestDrainMs = 4000;

/** A request that never ends, such as half a head, must not block an orderly stop. */
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
  if (allowed.length === 0) return sendProblem(reply, { status: 404, detail: 'nothing at this path' });
  void reply.header('Allow', allowed.join(', '));
  return sendProblem(reply, { status: 405, detail: `use ${allowed.join(' or ')}` });
}

function statusOf(error: unknown): number {
  const status =
    typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : 500;
  return typeof status === 'number' && status >= 400 ? status : 500;
}
