/** `/healthz`: the process lives. `/readyz`: it can serve; 503 while the origin cannot be reached (CONTRACT §3, §5). */

import type { RegisterRoutes } from './api.ts';
import type { OriginState } from './origin-probe.ts';

export type RedisHealth = {
  readonly redis: 'up' | 'down' | 'none';
  readonly breaker: 'closed' | 'open' | 'half-open';
};

export type HealthOptions = {
  readonly origin: () => Promise<OriginState>;
  readonly redis: () => RedisHealth;
};

/** The health routes. They need no token. */
export function healthRoutes({ origin, redis }: HealthOptions): RegisterRoutes {
  return (app) => {
    app.get('/healthz', { config: { access: 'anyone' } }, () => ({ status: 'ok' }));
    app.get('/readyz', { config: { access: 'anyone' } }, async (_request, reply) => {
      const { redis: state, breaker } = redis();
      const body = { redis: state, origin: await origin(), breaker };
      // Without Redis everything still works; without the origin only stored responses can be served.
      return reply.code(body.origin === 'up' ? 200 : 503).send(body);
    });
  };
}
