/**
 * How clients come in: what lies between an accepted connection and the first byte of HTTP.
 */

import { createServer, type Server, type Socket } from 'node:net';
import type { Listen } from '../config/config.ts';
import type { HandshakeFailure } from './handshake-failure.ts';
import { sniffPreface } from './sniff-preface.ts';
import { openTlsFront, type Replaced, type TlsFront } from './tls-front.ts';

/** Takes a connection whose next bytes are HTTP, of version 2 or 1. */
export type Accept = (socket: Socket, isH2?: boolean) => void;

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
const protocols = ['h2', 'http/1.1', 'http/1.0'] as const;

/** Opens the entrance that `listen` describes. Rejects with the reason if its certificates cannot be used. */
export async function openEntrance(
  { tls, h2c }: Pick<Listen, 'tls' | 'h2c'>,
  { onHandshakeFailure }: EntranceListeners,
): Promise<Entrance> {
  const front = tls && (await openTlsFront({ tls, protocols, onFailure: onHandshakeFailure }));
  return {
    createListener: (accept) => listenerOf({ front, h2c }, accept),
    closeIdle: () => front?.closeIdle(),
    renew: async () => tls && front?.replace(tls),
    close: () => front?.close(),
  };
}

/** Makes a listening socket for HTTP without TLS. */
export const tcpListener = (accept: Accept): Server => listenerOf({ front: undefined, h2c: false }, accept);

type Layers = { readonly front: TlsFront | undefined; readonly h2c: boolean };

/** A head must be here within that time too. */
const silenceMs = 15_000;

/** As node:http makes its own: a client that closes its side gets its answer, and small answers are sent at once. */
function listenerOf({ front, h2c }: Layers, accept: Accept): Server {
  return createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    if (front !== undefined)
      front.take(socket, (secure) => {
        accept(secure, secure.alpnProtocol === 'h2');
      });
    else if (h2c)
      sniffPreface(socket, silenceMs, (isH2) => {
        accept(socket, isH2);
      });
    else accept(socket);
  });
}
