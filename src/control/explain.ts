/**
 * `GET /explain?method=&url=`: every decision about an exchange under the running configuration, and what is stored for it.
 *
 * `header` and `response_header` (`Name: value`, repeatable), `body`, `status` and `response_body` describe the exchange further.
 */

import { type ExplainResult, explanationLines, type Question } from '../explain/explain.ts';
import { readHeaderLines } from '../explain/header-lines.ts';
import type { RegisterRoutes } from './api.ts';
import { sendProblem } from './problem-answer.ts';
import { readQuery } from './query.ts';

const shape = {
  one: ['method', 'url', 'body', 'status', 'response_body'],
  many: ['header', 'response_header'],
  required: ['url'],
};

export type Explain = (question: Question) => Promise<ExplainResult>;

/** The route of `GET /explain`. */
export function explainRoutes(explain: Explain): RegisterRoutes {
  return (app) => {
    app.get('/explain', async (request, reply) => {
      const refuse = (detail: string) => sendProblem(reply, { status: 400, detail });
      const query = readQuery(request, shape);
      if (query.kind === 'bad') return refuse(query.detail);
      const { values } = query;
      const first = (name: string): string | undefined => values.get(name)?.[0];
      const fields = readHeaderLines(values.get('header') ?? []);
      const responseFields = readHeaderLines(values.get('response_header') ?? []);
      if (fields === undefined || responseFields === undefined)
        return refuse('a header must be written Name: value');
      const status = Number(first('status') ?? 200);
      if (!Number.isInteger(status) || status < 200 || status > 599)
        return refuse('status must be a number from 200 to 599');
      const method = (first('method') ?? 'GET').toUpperCase();
      const result = await explain({
        method,
        url: first('url') ?? '',
        fields,
        body: first('body'),
        status,
        responseFields,
        responseBody: first('response_body'),
      });
      if (result.kind === 'not-a-url')
        return refuse('url is neither a path that begins with / nor an absolute URL');
      return reply.send({ ...result.explanation, text: explanationLines(result.explanation) });
    });
  };
}
