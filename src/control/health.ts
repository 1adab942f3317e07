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
  /** Absent: this process serves by itself. */
  readonly workers?: () => { readonly known: number; readonly ready: number };
};

/** The health routes. They need no token. */
export function healthRoutes({ origin, redis, workers }: HealthOptions): RegisterRoutes {
  return (app) => {
    app.get('/healthz', { config: { access: 'anyone' } }, () => ({ status: 'ok' }));
    app.get('/readyz', { config: { access: 'anyone' } }, async (_request, reply) => {
      const { redis: state, breaker } = redis();
      const crew = workers?.();
      const body = { redis: state, origin: await origin(), breaker, ...(crew && { workers: crew }) };
      // Without Redis everything still works; without the origin only stored responses can be served.
      const isReady = body.origin === 'up' && crew?.ready !== 0;
      return reply.code(isReady ? 200 : 503).send(body);
    });
  };
}
