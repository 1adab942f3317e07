/**
 * `POST /warm`: an operator fills the cache (CONTRACT §3). A client that accepts `text/event-stream` gets progress events;
 * disconnecting stops the job.
 */

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { RegisterRoutes } from './api.ts';
import { sendProblem } from './problem-answer.ts';
import type { Warm, WarmSummary } from '../refresh/warm.ts';
import { readWarm } from './warm-request.ts';

type Answer = Omit<WarmSummary, 'took'> & { readonly took_ms: number };

/** The route of `POST /warm`. */
export function warmRoutes(warm: Warm, log: Logger): RegisterRoutes {
  return (app) => {
    app.post('/warm', async (request, reply) => {
      const read = readWarm(request.body, request.headers['content-type']);
      if (read.kind === 'bad') return sendProblem(reply, { status: 400, detail: read.detail });
      const { signal, onProgress, finish } = follow(request, reply);
      const summary = await warm(read.request, { signal, onProgress });
      if (summary === 'busy')
        return sendProblem(reply, { status: 409, detail: 'a warm-up is already running' });
      log.info({ address: request.ip, warm: summary }, 'control: warm-up finished');
      return finish(answerOf(summary));
    });
  };
}

type Following = {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: object) => void;
  readonly finish: (answer: Answer) => FastifyReply;
};

/** Sends nothing before the first event, so that a warm-up that cannot start is answered with a problem. */
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

const answerOf = ({ took, ...counts }: WarmSummary): Answer => ({
  ...counts,
  took_ms: Math.round(took * 1000),
});
