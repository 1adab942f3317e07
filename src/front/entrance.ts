/**
 * How clients come in: what lies between an accepted connection and the first byte of HTTP.
 */

import { createServer, type Server, type Socket } from 'node:net';
import { type Listen, unixPeer } from '../config/config.ts';
import type { HandshakeFailure } from './handshake-failure.ts';
import { nameClient, namePeer, type ProxiedOptions, takeProxied } from './proxied.ts';
import { sniffPreface } from './sniff-preface.ts';
import type { TicketSecret } from './ticket-secret.ts';
import { openTlsFront, type Replaced, type TlsFront } from './tls-front.ts';
import { trustOf } from './trusted-proxies.ts';

/** Takes a connection whose next bytes are HTTP, of version 2 or 1. */
export type Accept = (socket: Socket, isH2?: boolean) => void;

/** Makes listening sockets, and knows the connections that have not come as far as HTTP. */
export type Door = {
  /** Makes a listening socket that gives its connections to `accept`. */
  readonly createListener: (accept: Accept) => Server;
  /** Ends the connections that have not come as far as HTTP. */
  readonly closeIdle: () => void;
};

export type Entrance = Door & {
  /** The one beside it for plain HTTP. */
  readonly plain: Door;
  /** Reads the certificates again; `undefined`: there are none. */
  readonly renew: () => Promise<Replaced | undefined>;
  readonly close: () => void;
};

export type EntranceListeners = {
  readonly onHandshakeFailure: (reason: HandshakeFailure) => void;
  readonly onProxyRefused: ProxiedOptions['onRefused'];
};

/** Best first. Some clients of HTTP/1.0 name it. */
const protocols = ['h2', 'http/1.1', 'http/1.0'] as const;
/** A head must be here within that time too. */
const defaultSilenceMs = 15_000;

export type EntranceOptions = Pick<Listen, 'tls' | 'h2c' | 'proxyProtocol' | 'trustedProxies'> & {
  /** The workers' common one; absent: this listener has its own. */
  readonly ticketSecret?: TicketSecret | undefined;
  /** How long a client may take with what comes before TLS and HTTP. */
  readonly silenceMs?: number;
};

/** Opens the entrance that `listen` describes. Rejects with the reason if its certificates cannot be used. */
export async function openEntrance(
  options: EntranceOptions,
  { onHandshakeFailure, onProxyRefused }: EntranceListeners,
): Promise<Entrance> {
  const { tls, h2c, proxyProtocol, trustedProxies, silenceMs = defaultSilenceMs, ticketSecret } = options;
  const front = tls && (await openTlsFront({ tls, protocols, ticketSecret, onFailure: onHandshakeFailure }));
  const isTrusted = trustOf(trustedProxies) ?? (() => false);
  const proxied = proxyProtocol ? { isTrusted, onRefused: onProxyRefused, silenceMs } : undefined;
  return {
    ...doorOf({ front, h2c, proxied, silenceMs }),
    plain: doorOf({ front: undefined, h2c: false, proxied, silenceMs }),
    renew: async () => tls && front?.replace(tls),
    close: () => front?.close(),
  };
}

type Layers = {
  readonly front: TlsFront | undefined;
  readonly h2c: boolean;
  readonly proxied: ProxiedOptions | undefined;
  readonly silenceMs: number;
};

function doorOf(layers: Layers): Door {
  const waiting = new Set<Socket>();
  return {
    createListener: (accept) =>
      tcpListener((socket) => {
        waiting.add(socket);
        socket.once('close', () => waiting.delete(socket));
        letIn(layers, socket, (...known) => {
          waiting.delete(socket);
          accept(...known);
        });
      }),
    closeIdle: () => {
      for (const socket of waiting) socket.destroy();
    },
  };
}

/** As node:http makes its own: a client that closes its side gets its answer, and small answers are sent at once. */
export function tcpListener(accept: (socket: Socket) => void): Server {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    // A Unix socket's clients have no address.
    if (typeof server.address() === 'string') namePeer(socket, unixPeer);
    accept(socket);
  });
  return server;
}

function letIn({ proxied, ...layers }: Layers, socket: Socket, accept: Accept): void {
  if (proxied === undefined) secure(layers, socket, accept);
  else
    takeProxied(socket, proxied, (client) => {
      secure(layers, socket, (known, isH2) => {
        nameClient(known, client);
        accept(known, isH2);
      });
    });
}

type SecureLayers = Omit<Layers, 'proxied'>;

function secure({ front, h2c, silenceMs }: SecureLayers, socket: Socket, accept: Accept): void {
  if (front !== undefined)
    front.take(socket, (secured) => {
      accept(secured, secured.alpnProtocol === 'h2');
    });
  else if (h2c)
    sniffPreface(socket, silenceMs, (isH2) => {
      accept(socket, isH2);
    });
  else accept(socket);
}
