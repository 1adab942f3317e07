/** What a cache would do, or does wrong, for operators and the dashboard (CONTRACT §3). The answers come from the trust room. */

import type { RegisterRoutes } from './api.ts';
import { readObject } from './json-body.ts';
import { sendProblem } from './problem-answer.ts';

type Quarantined = {
  readonly route: string;
  readonly contentType: string;
  readonly reason: string;
  readonly at: number;
  readonly target: string;
  readonly places: readonly string[];
};

export type TrustAnswers = {
  readonly shadowReport: () => object;
  readonly auditReport: () => object;
  readonly adviceReport: () => object;
  readonly quarantine: {
    readonly list: () => readonly Quarantined[];
    readonly lift: (route: string) => boolean;
  };
};

/** The routes. */
export function trustRoutes({
  shadowReport,
  auditReport,
  adviceReport,
  quarantine,
}: TrustAnswers): RegisterRoutes {
  return (app) => {
    app.get('/api/cache/shadow', () => shadowReport());
    app.get('/api/cache/stale', () => auditReport());
    app.get('/api/cache/advice', () => adviceReport());
    app.get('/api/cache/quarantine', () => ({ routes: quarantine.list().map(quarantinedView) }));
    app.post('/api/cache/quarantine/lift', (request, reply) => {
      const read = readObject(request.body, request.headers['content-type'], ['route']);
      if (read.kind === 'bad') return sendProblem(reply, { status: 400, detail: read.detail });
      const { route } = read.fields;
      if (typeof route !== 'string') return sendProblem(reply, { status: 400, detail: 'route must be text' });
      return reply.send({ route, lifted: quarantine.lift(route) });
    });
  };
}

const quarantinedView = ({ contentType, at, ...rest }: Quarantined): object => ({
  ...rest,
  type: contentType,
  at: new Date(at).toISOString(),
});
