/**
 * What the benchmarks with Redis stand on: a real redis-server, an app, and proxies that share the one and ask the other.
 */
import { mkdtemp } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { freePort, RedisServer } from '../../test/helpers/redis-server.ts';
import { pageConfig, pageOrigin, startOrigin } from './app.ts';
import { type Child, startChild } from './child.ts';
import { document } from './documents.ts';

/** A proxy, and where its control API is. */
export type Instance = Child & { readonly controlUrl: string };

/** Entries made up from a real one, `count` with each tag. */
export type Copies = readonly { readonly tag: string; readonly count: number }[];

export type InstanceOptions = {
  /** A line of the configuration: `memory: 64MiB`. */
  readonly store?: string;
  /** `false`: memory is the store. */
  readonly withRedis?: boolean;
  /** What the names of its Redis keys begin with: proxies of one prefix share what they store. */
  readonly prefix?: string;
  readonly copies?: Copies;
};

export type Place = {
  readonly redis: RedisServer;
  readonly client: Redis;
  readonly configOf: (options: InstanceOptions, controlPort: number) => string;
  readonly start: (options?: InstanceOptions) => Promise<Instance>;
  readonly close: () => Promise<void>;
};

export const controlToken = 'a-control-token-of-the-benchmarks-own';

/** Starts server and app. */
export async function openPlace(): Promise<Place> {
  const redis = new RedisServer(
    await freePort(),
    await mkdtemp(join(tmpdir(), 'shelflife-bench-redis-')),
    [],
  );
  await redis.start();
  const origin = await startOrigin(app());
  const configOf = (options: InstanceOptions, controlPort: number): string => {
    const { store = 'memory: 64MiB', withRedis = true, prefix = 'bench' } = options;
    const shared = withRedis ? `  redis: { url: "${redis.url}", prefix: ${prefix}, max_bytes: 4GiB }` : '';
    const control = `control: { address: "127.0.0.1:${controlPort}", token: ${controlToken} }`;
    return pageConfig(origin.url, `store:\n  ${store}\n${shared}\n${control}\n`);
  };
  const start = async (options: InstanceOptions = {}): Promise<Instance> => {
    const controlPort = await freePort();
    const config = configOf(options, controlPort);
    const child = await startChild('shared-proxy-server.ts', { config, copies: options.copies ?? [] });
    return { ...child, controlUrl: `http://127.0.0.1:${controlPort}` };
  };
  const close = async (): Promise<void> => {
    origin.server.close();
    await redis.close();
  };
  return { redis, client: redis.client, configOf, start, close };
}

/** Pages by name: a document where the name begins so, else 1 KB whose `X-Version` counts up. */
function app(): RequestListener {
  let version = 0;
  return (request, response) => {
    const name = (request.url ?? '').replace('/public/', '');
    if (name.startsWith('document')) {
      response.setHeader('Content-Type', 'text/html; charset=utf-8');
      response.setHeader('Cache-Control', 'public, max-age=3600');
      const body = document(Number(name.slice('document'.length)));
      response.setHeader('Content-Length', body.length);
      response.end(body);
      return;
    }
    version += 1;
    response.setHeader('X-Version', String(version));
    if (name.startsWith('tagged')) response.setHeader('Surrogate-Key', 'the-tag');
    pageOrigin(request, response);
  };
}
