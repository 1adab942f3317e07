/** The control API of a proxy, over what it works with: the services here, or the workers behind this process. */

import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { type Control, type ListenAddress, unixPeer } from '../config/config.ts';
import { namePeer } from '../front/proxied.ts';
import { type BoundPath, bindUnix, leaving } from '../proxy/listen/bind-unix.ts';
import type { Warm } from '../refresh/warm.ts';
import type { Answers } from '../watch/show/answers.ts';
import { createControlServer } from './api.ts';
import { dashboardRoutes } from './dashboard.ts';
import { entriesRoutes, type Listing } from './entries.ts';
import { type Explain, explainRoutes } from './explain.ts';
import { type HealthOptions, healthRoutes } from './health.ts';
import { createCarryOut, type Purging } from './purge.ts';
import { purgeRoutes } from './purge-routes.ts';
import { type Reload, reloadRoutes } from './reload.ts';
import { type RolloutAnswers, rolloutRoutes } from './rollout-routes.ts';
import { type TrustAnswers, trustRoutes } from './trust-routes.ts';
import { warmRoutes } from './warm-routes.ts';
import { watchRoutes } from './watch-routes.ts';

export type Controlled = HealthOptions &
  Purging &
  Listing & {
    readonly explain: Explain;
    readonly reload: Reload;
    readonly warm: Warm;
    readonly answers: Answers;
    readonly trust: TrustAnswers & { readonly rollout: RolloutAnswers };
    readonly log: Logger;
  };

/** Makes its server, which does not listen yet. */
export function openControl(control: Control, parts: Controlled): Promise<FastifyInstance> {
  const { clock, log, explain, reload, warm, answers, trust } = parts;
  return createControlServer({
    control,
    clock,
    log,
    routes: [
      healthRoutes(parts),
      ...purgeRoutes(createCarryOut(parts, log)),
      entriesRoutes(parts),
      explainRoutes(explain),
      reloadRoutes(reload, log),
      warmRoutes(warm, log),
      watchRoutes(answers),
      trustRoutes(trust),
      rolloutRoutes(trust.rollout),
      dashboardRoutes,
    ],
  });
}

/** Opens its address; gives that of a Unix socket as it is written. */
export const listenForControl =
  (app: FastifyInstance) =>
  async ({ host, port, path }: ListenAddress): Promise<AddressInfo | string> => {
    if (path !== undefined) return listenAtPath(app, path);
    await app.listen({ host, port });
    return app.server.address() as AddressInfo;
  };

async function listenAtPath(app: FastifyInstance, path: string): Promise<string> {
  const open: { bound?: BoundPath } = {};
  // Fastify then finds it closed.
  app.addHook('preClose', (done) => {
    if (open.bound !== undefined) leaving(open.bound, () => app.server.close());
    done();
  });
  app.server.on('connection', (socket) => {
    namePeer(socket, unixPeer);
  });
  open.bound = await bindUnix(path, () => app.listen({ path }));
  return `unix:${path}`;
}
