/** What a cache would do, or does wrong, for operators and the dashboard (CONTRACT §3). The answers come from the trust room. */

import type { RegisterRoutes } from './api.ts';

export type TrustAnswers = { readonly shadowReport: () => object };

/** The routes. */
export function trustRoutes({ shadowReport }: TrustAnswers): RegisterRoutes {
  return (app) => {
    app.get('/api/cache/shadow', () => shadowReport());
  };
}
