/** What a cache would do, or does wrong, for operators and the dashboard (CONTRACT §3). The answers come from the trust room. */

import type { RegisterRoutes } from './api.ts';

export type TrustAnswers = { readonly shadowReport: () => object; readonly auditReport: () => object };

/** The routes. */
export function trustRoutes({ shadowReport, auditReport }: TrustAnswers): RegisterRoutes {
  return (app) => {
    app.get('/api/cache/shadow', () => shadowReport());
    app.get('/api/cache/stale', () => auditReport());
  };
}
