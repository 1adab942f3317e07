/**
 * Opens connections to Redis or Valkey: a single server, one watched by Sentinels, or a Cluster.
 *
 * Promises: a command fails at once when there is no connection, and is never retried automatically. Nothing waits longer
 * than its limit. A lost connection is retried for ever, at least twice a second, and one that no longer answers is replaced.
 * With TLS, no data is sent to a server whose certificate is invalid. `onError` never gets an address or a password.
 */

import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type ConnectionOptions as TlsOptions, type SecureContext, createSecureContext } from 'node:tls';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { RedisLogin, RedisServer, RedisTls } from '../../config/config.ts';

export type RedisClient = Redis | Cluster;

type ConnectionOptions = {
  /** The handshake is a command too. */
  readonly commandTimeoutMs: number;
  readonly onError: (message: string) => void;
};

const connectTimeoutMs = 1000;
const longestRetryMs = 500;
const retryDelay = (times: number): number => Math.min(25 * 2 ** Math.min(times, 10), longestRetryMs);

/** Opens a connection, without waiting for it. Throws when a PEM file named by `tls` cannot be read. */
export function openConnection(
  server: RedisServer,
  { commandTimeoutMs, onError }: ConnectionOptions,
): RedisClient {
  const common = {
    commandTimeout: commandTimeoutMs,
    // A late command fails by itself; when the connection sends nothing else either, it is dead.
    socketTimeout: commandTimeoutMs,
    connectTimeout: connectTimeoutMs,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    disableClientInfo: true,
    // The master became a replica: reconnect, so that Sentinels or DNS can name the new master.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
    ...(server.tls && { tls: tlsOptions(server.tls) }),
  };
  const tell = (error: Error): void => onError(tellable(error));
  const client = clientOf(server, common, tell);
  if (client instanceof Redis) endFailedHandshakes(client, tell);
  else {
    client.on('error', tell);
    client.on('node error', tell);
  }
  return client;
}

/**
 * Ends a connection when any part of its handshake fails, and reports why, once per connection. ioredis 6.0.0 becomes ready
 * after a SELECT that was refused, and sends every command to database 0.
 */
export function endFailedHandshakes(client: Redis, tell: (error: Error) => void): void {
  client.on('error', (error: Error) => {
    if (client.status !== 'connect') tell(error);
    else if (!client.stream.destroyed) {
      client.stream.destroy();
      tell(error);
    }
  });
}

type Options = Omit<RedisOptions, 'replyMapping' | 'host' | 'port' | 'path'>;
type Common = Options & { readonly commandTimeout: number };

function clientOf(server: RedisServer, common: Common, tell: (error: Error) => void): RedisClient {
  const single = { ...common, enableOfflineQueue: false, retryStrategy: retryDelay };
  switch (server.kind) {
    case 'url':
      return new Redis(server.url, single);
    case 'sentinels':
      return new Redis({
        ...single,
        ...loginOptions(server.login),
        ...sentinelOptions(server, common),
        name: server.name,
        db: server.database,
      });
    case 'cluster':
      return new Cluster(
        server.nodes.map(({ host, port }) => ({ host, port })),
        {
          enableOfflineQueue: false,
          redisOptions: { ...common, ...loginOptions(server.login) },
          clusterRetryStrategy: (times, reason) => {
            if (reason !== undefined) tell(reason);
            return retryDelay(times);
          },
          slotsRefreshTimeout: connectTimeoutMs,
          // A certificate is for a name, so the name must not be replaced by an address before the check.
          ...(common.tls && { dnsLookup: (name, found) => found(null, name) }),
        },
      );
    default:
      return server satisfies never;
  }
}

function sentinelOptions(
  { sentinels, sentinelLogin }: Extract<RedisServer, { kind: 'sentinels' }>,
  { tls }: Common,
): Options {
  return {
    sentinels: sentinels.map(({ host, port }) => ({ host, port })),
    sentinelRetryStrategy: retryDelay,
    sentinelCommandTimeout: connectTimeoutMs,
    ...(sentinelLogin?.username !== undefined && { sentinelUsername: sentinelLogin.username }),
    ...(sentinelLogin && { sentinelPassword: sentinelLogin.password }),
    ...(tls && { sentinelTLS: tls, enableTLSForSentinelMode: true }),
  };
}

const loginOptions = (login: RedisLogin | undefined): Options => ({
  ...(login?.username !== undefined && { username: login.username }),
  ...(login && { password: login.password }),
});

function tlsOptions({ ca, client }: RedisTls): TlsOptions {
  const given = {
    ...(ca !== undefined && { ca: pem('ca', ca) }),
    ...(client && { cert: pem('cert', client.cert), key: pem('key', client.key) }),
  };
  // Created here, so that an invalid certificate is an error at the start; later, it would end the reconnecting.
  return Object.keys(given).length === 0 ? {} : { secureContext: contextOf(given) };
}

function contextOf(given: Pick<TlsOptions, 'key' | 'cert'> & { readonly ca?: string }): SecureContext {
  try {
    // A file without a certificate would count as an authority that has signed nothing.
    if (given.ca !== undefined) new X509Certificate(given.ca);
    return createSecureContext(given);
  } catch (error) {
    throw new Error('store.redis.tls: these are no certificates and keys in PEM form', { cause: error });
  }
}

function pem(key: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new Error(`store.redis.tls.${key}: cannot read ${path} (${why})`, { cause: error });
  }
}

/** Drops a connection that does not answer, and reconnects. */
export function reconnect(client: RedisClient): void {
  // A connection being made may need several round trips and has its own time limit.
  if (client.status === 'ready') client.disconnect(true);
}

/** The promise's outcome, or a rejection after `limitMs`; a later outcome is dropped. */
export function within<Value>(limitMs: number, promise: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(new Error('no answer within the deadline'));
    // An answer that arrived while this process was busy is read first and is not late.
    const timer = setTimeout(() => setImmediate(late), limitMs);
    promise.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}

type RedisError = Error & {
  readonly code?: unknown;
  readonly lastNodeError?: unknown;
  readonly command?: { readonly name: string; readonly args: readonly unknown[] };
};

/** The part of an error that may be logged: not the address of Redis. */
export function tellable(error: RedisError): string {
  const { lastNodeError } = error;
  if (lastNodeError instanceof Error) return `${error.message} ${tellable(lastNodeError)}`.slice(0, 200);
  if (error.code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'the certificate is for another name';
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN')
    return `its name is not known (${error.code})`;
  const { command } = error;
  const refused =
    command?.name === 'select' ? `database ${String(command.args[0])} cannot be selected: ` : '';
  return `${refused}${error.message}`.replace(/\S*:\d+/g, '…').slice(0, 200);
}
