/** Several proxies of one site in front of one origin and one Redis, with clients that use the site's own name. */
import { once } from 'node:events';
import {
  type Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type RequestListener,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';
import type { RunningServer } from '../../src/server.ts';
import { closeProxy } from './close-proxy.ts';
import { type RedisServer, redisServer } from './redis-server.ts';
import { testWorkers } from './as-workers.ts';
import { startProxy } from './scripted-site.ts';

export type CountingOrigin = {
  readonly url: string;
  /** `GET /path` of every request, in order. */
  readonly seen: string[];
  readonly answerWith: (listener: RequestListener) => void;
};

/** An origin that answers as it is told; it ends with the test. */
export async function startOrigin(t: Test): Promise<CountingOrigin> {
  let current: RequestListener = (_request, response) => response.end('ok');
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method ?? ''} ${request.url ?? ''}`);
    current(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const answerWith = (listener: RequestListener): void => {
    current = listener;
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, answerWith };
}

export type Instances = {
  readonly origin: CountingOrigin;
  readonly redis: RedisServer;
  readonly proxies: readonly RunningServer[];
  /** Starts one more. `redisUrl` is the way it goes to Redis. */
  readonly join: (redisUrl?: string) => Promise<RunningServer>;
};

/** Starts two; they are gone at the end of the test. `configOf` makes a whole configuration. */
export async function startInstances(
  t: Test,
  configOf: (given: { readonly upstream: string; readonly redisUrl: string }) => string,
): Promise<Instances> {
  const redis = await redisServer(t);
  const origin = await startOrigin(t);
  const join: Instances['join'] = async (redisUrl = redis.url) => {
    const proxy = await startProxy(configOf({ upstream: origin.url, redisUrl }));
    t.teardown(() => closeProxy(proxy));
    return proxy;
  };
  return { origin, redis, proxies: [await join(), await join()], join };
}

/** Whether an instance fetches nothing; of several workers, nothing that no client waits for. */
export async function isIdle(proxy: RunningServer): Promise<boolean> {
  if (testWorkers() === undefined) return proxy.services.flights.size === 0;
  const metrics = await (await fetch(`${String(proxy.controlUrl)}/metrics`)).text();
  const states = metrics.matchAll(/^shelflife_background_fetches\{state="(?:waiting|running)"\} (\d+)$/gm);
  return [...states].every(([, count]) => count === '0');
}

export type Asked = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly agent?: Agent;
};

/** A whole answer. `fate` is our member of Cache-Status, without the name. */
export type Answered = {
  readonly status: number;
  readonly text: string;
  readonly fate: string;
  readonly headers: IncomingHttpHeaders;
  readonly tookMs: number;
};

/** The name all instances are known by, whatever port they listen on. */
export const siteHost = 'www.example.org';

/** Asks for a URL as the site's clients do. Rejects when the connection fails or the body is cut short. */
export async function askSite(
  url: string,
  { method = 'GET', headers = {}, agent }: Asked = {},
): Promise<Answered> {
  const startedMs = performance.now();
  const all = { host: siteHost, ...headers };
  const sent = request(url, { method, headers: all, ...(agent === undefined ? {} : { agent }) });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const body = Buffer.concat(await response.toArray());
  return {
    status: response.statusCode ?? 0,
    text: body.toString(),
    fate: String(response.headers['cache-status'] ?? '').replace(/^.*shelflife; /, ''),
    headers: response.headers,
    tookMs: performance.now() - startedMs,
  };
}
