/**
 * Who did what through the control API: the last thousand requests that may have changed something, on this instance.
 * `GET /api/cache/audit` shows them; the log has them too.
 *
 * Promises: memory is bounded. No token, query of a URL or user is shown.
 */

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../kit/time.ts';
import { sendProblem } from './problem-answer.ts';
import { readQuery } from './query.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the route tells of it. */
    audited: object | undefined;
  }
}

/** `by`: the name of the token. `request`: the method and the route. */
export type AuditEntry = {
  readonly at: string;
  readonly by: string;
  readonly address: string;
  readonly request: string;
  readonly status: number;
};

const mostEntries = 1000;

/** Records what changes something, and adds the route that shows it. */
export function auditRoutes(app: FastifyInstance, clock: Clock): void {
  const entries: AuditEntry[] = [];
  app.decorateRequest('audited', undefined);
  app.addHook('onResponse', (request, reply, done) => {
    if (isAudited(request, reply)) entries.push(entryOf(request, reply, clock));
    if (entries.length > mostEntries) entries.shift();
    done();
  });
  app.get('/api/cache/audit', { config: { access: 'admin' } }, (request, reply) => {
    const query = readQuery(request, { one: [], required: [] });
    if (query.kind === 'bad') return sendProblem(reply, { status: 400, detail: query.detail });
    return reply.send({ entries: entries.toReversed() });
  });
}

/** A caller that is over its rate must not push out what it did before. */
const isAudited = ({ method, caller }: FastifyRequest, { statusCode }: FastifyReply): boolean =>
  caller !== '' && method !== 'GET' && method !== 'HEAD' && statusCode !== 429;

const entryOf = (request: FastifyRequest, { statusCode }: FastifyReply, clock: Clock): AuditEntry => ({
  at: new Date(clock.now()).toISOString(),
  by: request.caller,
  address: request.ip,
  request: `${request.method} ${request.routeOptions.url ?? 'unknown'}`,
  status: statusCode,
  ...request.audited,
});
