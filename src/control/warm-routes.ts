/**
 * `POST /warm`: an operator has the cache filled (CONTRACT §3). Who accepts `text/event-stream` is told how it goes on, event
 * by event; who leaves stops it.
 */

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { RegisterRoutes } from './api.ts';
import { sendProblem } from './problem-answer.ts';
import type { Seconds } from '../kit/time.ts';
import { readWarm, type WarmRequest } from './warm-request.ts';

/** How many were settled, and how. `refused`: not to be had in the background, or not for the store. */
type Counts = {
  readonly asked: number;
  readonly warmed: number;
  readonly fresh: number;
  readonly refused: number;
  readonly failed: number;
};

/** Warms; `busy`: a warm-up is under way. */
export type WarmUp = (
  request: WarmRequest,
  options: {
    readonly signal: AbortSignal;
    readonly onProgress: (progress: Counts & { readonly total: number }) => void;
  },
) => Promise<(Counts & { readonly took: Seconds }) | 'busy'>;

type Answer = Counts & { readonly took_ms: number };

/** The route that warms. */
export function warmRoutes(warm: WarmUp, log: Logger): RegisterRoutes {
  return (app) => {
    app.post('/warm', async (request, reply) => {
      const read = readWarm(request.body, request.headers['content-type']);
      if (read.kind === 'bad') return sendProblem(reply, { status: 400, detail: read.detail });
      const { signal, onProgress, finish } = follow(request, reply);
      const summary = await warm(read.request, { signal, onProgress });
      if (summary === 'busy') return sendProblem(reply, { status: 409, detail: 'a warm-up is under way' });
      log.info({ address: request.ip, warm: summary }, 'control: warmed up');
      return finish(answerOf(summary));
    });
  };
}

type Following = {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: object) => void;
  readonly finish: (answer: Answer) => FastifyReply;
};

/** Nothing is sent before the first event: a warm-up that may not begin is answered as a problem. */
function follow(request: FastifyRequest, reply: FastifyReply): Following {
  const leaving = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) leaving.abort();
  });
  const { signal } = leaving;
  if (!wantsEvents(request)) {
    return { signal, onProgress: () => undefined, finish: (answer) => reply.send(answer) };
  }
  let hasBegun = false;
  const write = (name: string, data: object): void => {
    if (!hasBegun) begin(reply);
    hasBegun = true;
    if (!reply.raw.destroyed) reply.raw.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  };
  return {
    signal,
    onProgress: (progress) => {
      write('progress', progress);
    },
    finish: (answer) => {
      write('summary', answer);
      reply.raw.end();
      return reply;
    },
  };
}

function begin(reply: FastifyReply): void {
  reply.hijack();
  const fields = Object.entries(reply.getHeaders()).flatMap(([name, value]) => [name, String(value)]);
  reply.raw.writeHead(200, [...fields, 'Content-Type', 'text/event-stream']);
}

const wantsEvents = ({ headers }: FastifyRequest): boolean =>
  /\btext\/event-stream\b/i.test(headers.accept ?? '');

const answerOf = ({ took, ...counts }: Counts & { readonly took: Seconds }): Answer => ({
  ...counts,
  took_ms: Math.round(took * 1000),
});
