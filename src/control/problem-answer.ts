/** Errors of the control API as RFC 9457 problem details. */

import { STATUS_CODES } from 'node:http';
import type { FastifyReply } from 'fastify';

/** `detail` is a sentence for the operator; further members are passed through. */
export type ProblemAnswer = {
  readonly status: number;
  readonly detail: string;
  readonly members?: Readonly<Record<string, unknown>>;
};

/** Answers with `application/problem+json`. */
export function sendProblem(reply: FastifyReply, { status, detail, members }: ProblemAnswer): FastifyReply {
  const problem = { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, ...members };
  return reply.code(status).type('application/problem+json').send(JSON.stringify(problem));
}
