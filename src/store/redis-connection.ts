/**
 * Connections to Redis or Valkey: a single server, what Sentinels watch, or a Cluster.
 *
 * Promises: a command fails at once where there is no connection, and is never sent twice on its own; nothing waits
 * longer than it was told; a connection is tried again for ever, at least once a second. No address and no password gets
 * into what `onError` is told.
 */

import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { RedisConfig } from '../config/config.ts';

export type RedisClient = Redis | Cluster;

export type ConnectionOptions = {
  /** The longest any command, the handshake's included, may take, in milliseconds. */
  readonly commandTimeoutMs: number;
  readonly onError: (message: string) => void;
};

const connectTimeoutMs = 1000;
const longestRetryMs = 1000;
const retryDelay = (times: number): number => Math.min(25 * 2 ** Math.min(times, 10), longestRetryMs);

/** Opens a connection; it connects in its own time. */
export function openConnection(
  server: RedisConfig['server'],
  { commandTimeoutMs, onError }: ConnectionOptions,
): RedisClient {
  const common = {
    commandTimeout: commandTimeoutMs,
    connectTimeout: connectTimeoutMs,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    disableClientInfo: true,
    // A master that became a replica: the connection is made anew, so that Sentinels or DNS can name the new master.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  };
  const client = clientOf(server, common);
  client.on('error', (error: Error) => {
    onError(withoutAddress(error.message));
  });
  return client;
}

/** What every connection is opened with. */
type Common = Pick<
  RedisOptions,
  'connectTimeout' | 'maxRetriesPerRequest' | 'autoResendUnfulfilledCommands' | 'disableClientInfo'
> & { readonly commandTimeout: number; readonly reconnectOnError: (error: Error) => boolean };

function clientOf(server: RedisConfig['server'], common: Common): RedisClient {
  const single = { ...common, enableOfflineQueue: false, retryStrategy: retryDelay };
  switch (server.kind) {
    case 'url':
      return new Redis(server.url, single);
    case 'sentinels': {
      const sentinels = server.sentinels.map(({ host, port }) => ({ host, port }));
      return new Redis({
        ...single,
        sentinels,
        name: server.name,
        sentinelRetryStrategy: retryDelay,
        sentinelCommandTimeout: connectTimeoutMs,
      });
    }
    case 'cluster': {
      return new Cluster(
        server.nodes.map(({ host, port }) => ({ host, port })),
        {
          enableOfflineQueue: false,
          redisOptions: common,
          clusterRetryStrategy: retryDelay,
          slotsRefreshTimeout: connectTimeoutMs,
        },
      );
    }
    default:
      return server satisfies never;
  }
}

/** Drops a connection that answers nothing, and makes it anew. */
export function reconnect(client: RedisClient): void {
  // Before it is there (or gone for good) there is nothing to drop.
  if (client.status === 'ready' || client.status === 'connect') client.disconnect(true);
}

/** The promise's outcome, or a rejection after `limitMs`; what comes later is dropped. */
export function within<Value>(limitMs: number, promise: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(new Error('no answer within the deadline'));
    // What has arrived while this process was busy is read before it counts as late.
    const timer = setTimeout(() => setImmediate(late), limitMs);
    promise.then(resolve, reject).finally(() => {
      clearTimeout(timer);
    });
  });
}

const withoutAddress = (message: string): string => message.replace(/\S*:\d+/g, '…').slice(0, 200);
