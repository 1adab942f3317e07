/** The public listeners of a site: the one for its content, and the one that redirects plain HTTP beside TLS. */

import { httpUrlOf } from '../../config/config.ts';
import type { Entrance } from '../../front/entrance.ts';
import { createReader } from '../exchange/client-request.ts';
import type { Services } from '../exchange/exchange.ts';
import { createPipeline } from '../pipeline.ts';
import { createHttpServer, type HttpServerOptions } from './http-server.ts';
import { createProxyServer, type ProxyServerOptions, type PublicServer } from './plugin.ts';
import { PublicListener } from './public-listener.ts';
import { createRedirect } from './redirect.ts';

export type PublicOptions = Pick<HttpServerOptions, 'onRefused' | 'onError'> & {
  readonly services: Services;
  readonly entrance: Entrance;
  readonly lane: ProxyServerOptions['lane'];
};

/** Makes the listener for the site's content; not listening yet. */
export function createPublic(options: PublicOptions): Promise<PublicServer> {
  const { services } = options;
  const { listen, upstream } = services.site().config;
  return createProxyServer({
    ...options,
    read: createReader(listen),
    pipeline: createPipeline(services),
    origin: services.origin,
    originUrl: httpUrlOf(upstream.url).origin,
    bodyTimeout: upstream.bodyTimeout,
  });
}

/** Makes the listener that redirects; not listening yet. `port`: that of the other one. */
export function createPlain(
  { services, entrance, onRefused, onError }: PublicOptions,
  port: () => number,
): PublicListener {
  const read = createReader(services.site().config.listen);
  const pipeline = createRedirect({ pass: createPipeline(services, 'acme-challenge'), port });
  // Only GET and HEAD are passed, and these have no part in @fastify/http-proxy.
  const http = createHttpServer({ read, pipeline, onRefused, onError }, ({ response }) => response.destroy());
  return new PublicListener({ http, upgraded: new Set(), entrance: entrance.plain });
}
