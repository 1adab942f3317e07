/**
 * Connects to the origin: TCP, and TLS if its URL says `https`. Every connection to the origin is made here.
 *
 * Promises: the TLS server name, which the certificate must match, comes from the configuration, whatever the request's
 * Host. A TLS error is a `TlsError`, which says what was wrong and that nothing was sent.
 */

import { readFileSync } from 'node:fs';
import { isIP, type NetConnectOpts, type Socket, type SocketConstructorOpts } from 'node:net';
import { createSecureContext, TLSSocket, type SecureContext } from 'node:tls';
import { buildConnector, errors } from 'undici';
import { httpUrlOf, unixPathOf, type Upstream, type UpstreamTls } from '../config/config.ts';
import { FilteredSocket } from './filtered-socket.ts';

export type ConnectOptions = Pick<Upstream, 'url' | 'connectTimeout'> & Partial<Pick<Upstream, 'tls'>>;

type ConnectResult = [error: null, socket: Socket | TLSSocket] | [error: Error, socket: null];
export type Connect = (callback: (...result: ConnectResult) => void) => void;

/** The TLS handshake failed, or the certificate is not the origin's. */
export class TlsError extends Error {
  override readonly name = 'TlsError';
  readonly reason: 'tls-certificate' | 'tls-protocol';

  constructor(reason: TlsError['reason'], cause: unknown) {
    super(reason, { cause });
    this.reason = reason;
  }
}

/** undici's types do not show that it returns the socket at once. */
type Connector = (...given: Parameters<buildConnector.connector>) => Socket | TLSSocket;

/** The host name of a URL, without the brackets of an address. */
export const hostOf = (url: string): string => httpUrlOf(url).hostname.replace(/^\[(.*)\]$/, '$1');

/** Makes the function that connects. Throws if a PEM file named in `tls` cannot be used. */
export function openConnect({ url, connectTimeout, tls }: ConnectOptions): Connect {
  const { protocol, host, port } = httpUrlOf(url);
  const socketPath = unixPathOf(url);
  const timeout = connectTimeout * 1000;
  const hostname = hostOf(url);
  if (protocol !== 'https:') {
    const place =
      socketPath === undefined ? { host: hostname, port: Number(port || 80) } : { path: socketPath };
    return (callback) => {
      connectPlain(place, timeout, callback);
    };
  }
  const connect = buildConnector({
    timeout,
    // Set explicitly, because the environment could turn it off.
    rejectUnauthorized: tls?.rejectUnauthorized ?? true,
    secureContext: contextOf(tls),
  }) as unknown as Connector;
  // RFC 6066 §3: not an address, and no final dot.
  const servername = tls?.serverName ?? (isIP(hostname) === 0 ? hostname.replace(/\.$/, '') : '');
  return (callback) => {
    let hasTcp = false;
    const socket = connect({ protocol, host, hostname, port, servername }, (...[error, connected]) => {
      if (error === null) callback(null, connected);
      else callback(hasTcp ? tlsErrorOf(error, socket) : error, null);
    });
    socket.once('connect', () => {
      hasTcp = true;
    });
  };
}

/** As undici's connector does it, with a socket of our own class. */
function connectPlain(place: NetConnectOpts, timeoutMs: number, callback: Parameters<Connect>[0]): void {
  const socket = new FilteredSocket({ highWaterMark: 64 * 1024 } as SocketConstructorOpts);
  // A connection that was made while this process was busy is heard of first, and is not late.
  const late = setTimeout(() => {
    setImmediate(() => {
      if (socket.connecting) socket.destroy(new errors.ConnectTimeoutError());
    });
  }, timeoutMs);
  let isOver = false;
  const end = (...result: ConnectResult): void => {
    clearTimeout(late);
    if (!isOver) callback(...result);
    isOver = true;
  };
  socket.on('connect', () => {
    end(null, socket);
  });
  socket.on('error', (error) => {
    end(error, null);
  });
  socket.setKeepAlive(true, 60_000).setNoDelay(true).connect(place);
}

function tlsErrorOf(error: Error & { readonly code?: unknown }, socket: Socket): Error {
  if (error.code === 'UND_ERR_CONNECT_TIMEOUT') return error;
  // Set by Node's check of the chain and of the name.
  const isRefused = socket instanceof TLSSocket && Boolean(socket.authorizationError);
  return new TlsError(isRefused ? 'tls-certificate' : 'tls-protocol', error);
}

function contextOf(tls: UpstreamTls | undefined): SecureContext {
  if (tls === undefined) return createSecureContext();
  const { ca, client } = tls;
  return createSecureContext({
    ...(ca !== undefined && { ca: pem('ca', ca) }),
    ...(client && { cert: pem('cert', client.cert), key: pem('key', client.key) }),
  });
}

function pem(key: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`upstream.tls.${key}: cannot read ${path}`, { cause: error });
  }
}
