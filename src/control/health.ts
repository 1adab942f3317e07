/**
 * `/healthz`: the process lives. `/readyz`: it can do its work; 503 while the origin cannot be reached (CONTRACT §3, §5).
 */

import type { RegisterRoutes } from './api.ts';
import type { OriginState } from './origin-probe.ts';

/** Redis, and the breaker in front of it. */
export type RedisHealth = {
  readonly redis: 'up' | 'down' | 'none';
  readonly breaker: 'closed' | 'open' | 'half-open';
};

export type HealthParts = { readonly origin: () => Promise<OriginState>; readonly redis: () => RedisHealth };

/** The routes about health; no token is asked for. */
export function healthRoutes({ origin, redis }: HealthParts): RegisterRoutes {
  return (app) => {
    app.get('/healthz', { config: { access: 'anyone' } }, () => ({ status: 'ok' }));
    app.get('/readyz', { config: { access: 'anyone' } }, async (_request, reply) => {
      const { redis: state, breaker } = redis();
      const body = { redis: state, origin: await origin(), breaker };
      // Without Redis the work goes on; without the origin only what is stored can be given.
      return reply.code(body.origin === 'up' ? 200 : 503).send(body);
    });
  };
}
