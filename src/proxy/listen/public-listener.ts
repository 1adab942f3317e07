/**
 * The public address: listening sockets of ours, and what becomes of their connections. node:http itself never listens.
 *
 * `accept` takes a connection whose next bytes are HTTP/1: the lane has it first, if there is one, otherwise node:http, through
 * its documented `connection` event. The listening sockets are made by `createListener`, which is where TLS plugs in: a
 * `tls.Server` (a `net.Server` too) that calls `accept` with each secure socket, or gives it to HTTP/2. Whatever is read before
 * the first request, such as a PROXY header, is read there; what is left over goes back with `socket.unshift`.
 *
 * Promises: every connection is known here until it closes, whoever serves it; `close` leaves none.
 */

import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import type { Server as HttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Address } from '../../config/config.ts';
import { drain } from './drain.ts';
import type { Accept, Lane } from './lane.ts';

export type PublicListenerOptions = {
  readonly http: HttpServer;
  /** Connections that have left HTTP. */
  readonly upgraded: ReadonlySet<Socket>;
  readonly lane?: Lane | undefined;
  /** Makes a listening socket that gives its connections to `accept`. Absent: plain TCP. */
  readonly createListener?: ((accept: Accept) => Server) | undefined;
};

/** As node:http makes its own: a client that closes its side gets its answer, and small answers are sent at once. */
const tcpListener = (accept: Accept): Server => createServer({ allowHalfOpen: true, noDelay: true }, accept);

/** The listening sockets of one address, and their connections. */
export class PublicListener {
  readonly #options: PublicListenerOptions;
  readonly #listeners: Server[] = [];
  readonly #sockets = new Set<Socket>();

  constructor(options: PublicListenerOptions) {
    this.#options = options;
  }

  /** Takes a connection whose next bytes are HTTP/1; one that is paused is resumed. */
  readonly accept: Accept = (socket) => {
    const { lane, http } = this.#options;
    if (lane === undefined) http.emit('connection', socket);
    else lane.accept(socket);
    if (socket.isPaused()) socket.resume();
  };

  /** Listens; `localhost` means all its addresses, as far as they can be had. */
  async listen({ host, port }: Address): Promise<AddressInfo> {
    const bound = await this.#bind({ host, port });
    // What makes node:http look for heads that are late.
    this.#options.http.emit('listening');
    if (host !== 'localhost') return bound;
    const all = await lookup(host, { all: true }).catch(() => []);
    const others = all.filter(({ address }) => address !== bound.address);
    await Promise.allSettled(others.map(({ address }) => this.#bind({ host: address, port: bound.port })));
    return bound;
  }

  /** Stops accepting; resolves when every connection has ended (`drain.ts`). */
  async close(): Promise<void> {
    const { http, lane, upgraded } = this.#options;
    await drain({ http, lane, upgraded, listeners: this.#listeners, sockets: this.#sockets });
  }

  async #bind({ host, port }: Address): Promise<AddressInfo> {
    const listener = (this.#options.createListener ?? tcpListener)(this.accept);
    listener.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    listener.listen(port, host);
    await once(listener, 'listening');
    this.#listeners.push(listener);
    return listener.address() as AddressInfo;
  }
}
