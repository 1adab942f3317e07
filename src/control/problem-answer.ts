/**
 * What went wrong with a request to the control API, said as RFC 9457 has it.
 */

import { STATUS_CODES } from 'node:http';
import type { FastifyReply } from 'fastify';

/** `detail` is a sentence for the operator; further members as they are. */
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
