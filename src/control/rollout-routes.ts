/** How far a rollout has got, and how an operator changes it. */

import type { RolloutScope } from '../policy/rules/share.ts';
import type { RegisterRoutes } from './api.ts';
import { bad, type Bad, readObject } from './json-body.ts';
import { sendProblem } from './problem-answer.ts';

type Asked = { readonly scope: RolloutScope; readonly percent: number };

export type RolloutAnswers = {
  readonly report: () => object;
  readonly set: (
    setting: Asked & { readonly by: string },
  ) => Promise<
    | { readonly kind: 'set'; readonly from: number; readonly isKept: boolean }
    | { readonly kind: 'no-such-rollout' }
  >;
};

/** The routes. Whoever changes the percentage decides who is cached: that needs `admin`. */
export function rolloutRoutes({ report, set }: RolloutAnswers): RegisterRoutes {
  return (app) => {
    app.get('/api/cache/rollout', () => report());
    app.post('/api/cache/rollout', { config: { access: 'admin' } }, async (request, reply) => {
      const read = readAsked(request.body, request.headers['content-type']);
      if (read.kind === 'bad') return sendProblem(reply, { status: 400, detail: read.detail });
      const { scope, percent } = read;
      const result = await set({ scope, percent, by: request.caller });
      if (result.kind === 'no-such-rollout')
        return sendProblem(reply, { status: 404, detail: `the configuration has no rollout for ${scope}` });
      const { from, isKept } = result;
      request.audited = { rollout: scope, percent, from };
      return reply.send({ rollout: scope, percent, from, kept: isKept });
    });
  };
}

function readAsked(body: unknown, contentType: string | undefined): ({ readonly kind: 'ok' } & Asked) | Bad {
  const read = readObject(body, contentType, ['percent', 'type', 'route']);
  if (read.kind === 'bad') return read;
  const { percent, type, route } = read.fields;
  if (typeof percent !== 'number' || percent < 0 || percent > 100)
    return bad('percent must be a number from 0 to 100');
  if (type !== undefined && route !== undefined) return bad('give type or route, not both');
  if ([type, route].some((name) => name !== undefined && typeof name !== 'string'))
    return bad('type and route must be text');
  const scope: RolloutScope =
    typeof type === 'string' ? `type ${type}` : typeof route === 'string' ? `route ${route}` : 'all';
  return { kind: 'ok', scope, percent };
}
