/** All routes that purge: our own, and those of the purgers people have. */

import type { RegisterRoutes } from './api.ts';
import { cloudflareRoutes } from './cloudflare-purge.ts';
import { fastlyRoutes } from './fastly-purge.ts';
import { sendProblem } from './problem-answer.ts';
import type { CarryOut } from './purge.ts';
import { readPurge } from './purge-request.ts';
import { varnishRoutes } from './varnish-purge.ts';

/** The routes, over one way to carry a purge out. */
export const purgeRoutes = (purge: CarryOut): readonly RegisterRoutes[] => [
  ownRoute(purge),
  fastlyRoutes(purge),
  cloudflareRoutes(purge),
  varnishRoutes(purge),
];

const ownRoute =
  (purge: CarryOut): RegisterRoutes =>
  (app) => {
    app.post('/purge', { config: { access: 'purge' } }, async (request, reply) => {
      const read = readPurge(request.body, request.headers['content-type']);
      if (read.kind === 'bad') return sendProblem(reply, { status: 400, detail: read.detail });
      const done = await purge(request, read.request);
      if (done.kind === 'bad') return sendProblem(reply, { status: 400, detail: done.detail });
      return reply.send(done.receipt);
    });
  };
