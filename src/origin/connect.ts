/**
 * A connection to the origin: TCP, and TLS where its URL says `https`. Whoever speaks to the origin connects here.
 *
 * Promises: the name that is asked for and that the certificate must be for comes from the configuration, whatever Host a
 * request bears; an error of TLS is a `TlsError`, which says what was wrong and that nothing was sent.
 */

import { readFileSync } from 'node:fs';
import { isIP, type Socket } from 'node:net';
import { createSecureContext, TLSSocket, type SecureContext } from 'node:tls';
import { buildConnector } from 'undici';
import type { Upstream, UpstreamTls } from '../config/config.ts';

export type ConnectOptions = Pick<Upstream, 'url' | 'connectTimeout'> & Partial<Pick<Upstream, 'tls'>>;

export type ConnectResult = [error: null, socket: Socket | TLSSocket] | [error: Error, socket: null];
/** Makes one connection; the callback is called once. */
export type Connect = (callback: (...result: ConnectResult) => void) => void;

/** TLS could not be agreed upon, or the certificate is not the origin's. */
export class TlsError extends Error {
  override readonly name = 'TlsError';
  readonly reason: 'tls-certificate' | 'tls-protocol';

  constructor(reason: TlsError['reason'], cause: unknown) {
    super(reason, { cause });
    this.reason = reason;
  }
}

/** undici's types hide that it gives the socket at once. */
type Connector = (...given: Parameters<buildConnector.connector>) => Socket | TLSSocket;

/** Host name of a URL, an address without brackets. */
export const hostOf = (url: string): string => new URL(url).hostname.replace(/^\[(.*)\]$/, '$1');

/** Makes the function that connects. Throws when a PEM file that `tls` names cannot be used. */
export function openConnect({ url, connectTimeout, tls }: ConnectOptions): Connect {
  const { protocol, host, port } = new URL(url);
  const isSecure = protocol === 'https:';
  const connect = buildConnector({
    timeout: connectTimeout * 1000,
    // Given, or the environment could turn it off.
    ...(isSecure && {
      rejectUnauthorized: tls?.rejectUnauthorized ?? true,
      secureContext: contextOf(tls),
    }),
  }) as unknown as Connector;
  const hostname = hostOf(url);
  // RFC 6066 §3: no address, and no dot at the end.
  const servername = tls?.serverName ?? (isIP(hostname) === 0 ? hostname.replace(/\.$/, '') : '');
  return (callback) => {
    let hasTcp = false;
    const socket = connect({ protocol, host, hostname, port, servername }, (...[error, connected]) => {
      if (error === null) callback(null, connected);
      else callback(isSecure && hasTcp ? tlsErrorOf(error, socket) : error, null);
    });
    socket.once('connect', () => {
      hasTcp = true;
    });
  };
}

function tlsErrorOf(error: Error & { readonly code?: unknown }, socket: Socket): Error {
  if (error.code === 'UND_ERR_CONNECT_TIMEOUT') return error;
  // Set by Node's own check, whether of the chain or of the name.
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
