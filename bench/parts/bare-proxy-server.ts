/** The baseline of passing through: @fastify/http-proxy and nothing else, with the proxy's own undici settings. */
import type { AddressInfo } from 'node:net';
import httpProxy from '@fastify/http-proxy';
import fastify from 'fastify';
import { Agent } from 'undici';
import { argument, serveParent } from './child.ts';

const agent = new Agent({
  connect: { timeout: 2000 },
  headersTimeout: 30_000,
  bodyTimeout: 30_000,
  connections: 128,
  pipelining: 1,
  keepAliveTimeout: 1500,
});
const app = fastify();
// The types of @fastify/http-proxy name another copy of undici's.
await app.register(httpProxy, {
  upstream: argument() as string,
  undici: agent as never,
  disableRequestLogging: true,
});
await app.listen({ host: '127.0.0.1', port: 0 });
serveParent(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`);
