/**
 * How clients come in: what lies between an accepted connection and the first byte of HTTP.
 */

import { createServer, type Server, type Socket } from 'node:net';
import type { Listen } from '../config/config.ts';
import type { HandshakeFailure } from './handshake-failure.ts';
import { openTlsFront, type Replaced, type TlsFront } from './tls-front.ts';

/** Takes a connection whose next bytes are HTTP. */
export type Accept = (socket: Socket) => void;

export type Entrance = {
  /** Makes a listening socket that gives its connections to `accept`. */
  readonly createListener: (accept: Accept) => Server;
  /** Ends the connections that have not come as far as HTTP. */
  readonly closeIdle: () => void;
  /** Reads the certificates again; `undefined`: there are none. */
  readonly renew: () => Promise<Replaced | undefined>;
  readonly close: () => void;
};

export type EntranceListeners = { readonly onHandshakeFailure: (reason: HandshakeFailure) => void };

/** Best first. Some clients of HTTP/1.0 name it. */
const protocols = ['http/1.1', 'http/1.0'] as const;

/** Opens the entrance that `listen` describes. Rejects with the reason if its certificates cannot be used. */
export async function openEntrance(
  { tls }: Pick<Listen, 'tls'>,
  { onHandshakeFailure }: EntranceListeners,
): Promise<Entrance> {
  const front = tls && (await openTlsFront({ tls, protocols, onFailure: onHandshakeFailure }));
  return {
    createListener: (accept) => listenerOf(front, accept),
    closeIdle: () => front?.closeIdle(),
    renew: async () => tls && front?.replace(tls),
    close: () => front?.close(),
  };
}

/** Makes a listening socket for HTTP without TLS. */
export const tcpListener = (accept: Accept): Server => listenerOf(undefined, accept);

/** As node:http makes its own: a client that closes its side gets its answer, and small answers are sent at once. */
const listenerOf = (front: TlsFront | undefined, accept: Accept): Server =>
  createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    if (front === undefined) accept(socket);
    else front.take(socket, accept);
  });
