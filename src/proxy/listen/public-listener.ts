/**
 * The public address: listening sockets of ours, and what becomes of their connections. node:http itself never listens.
 *
 * `accept` takes a connection whose next bytes are HTTP/1: the lane has it first, if there is one, otherwise node:http, through
 * its documented `connection` event. The listening sockets are made by the entrance, which calls `accept` with each connection
 * when TLS and whatever else comes before the first request are over.
 *
 * Promises: every connection is known here until it closes, whoever serves it; `close` leaves none.
 */

import type { Server as HttpServer } from 'node:http';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Address, ListenAddress } from '../../config/config.ts';
import { type Door, tcpListener } from '../../front/entrance.ts';
import { bindAll } from './bind-all.ts';
import { bindSystemd } from './bind-systemd.ts';
import { bindUnix, type BoundPath, listenAt } from './bind-unix.ts';
import { drain } from './drain.ts';
import type { H2Server } from '../h2/h2-server.ts';
import type { Lane } from './lane.ts';

export type PublicListenerOptions = {
  readonly http: HttpServer;
  /** Connections that have left HTTP. */
  readonly upgraded: ReadonlySet<Socket>;
  readonly lane?: Lane | undefined;
  /** Absent: there is no HTTP/2. */
  readonly h2?: Pick<H2Server, 'accept' | 'leave' | 'closeIdle'> | undefined;
  /** Absent: plain TCP. */
  readonly entrance?: Door | undefined;
};

/** The listening sockets of one address, and their connections. */
export class PublicListener {
  readonly #options: PublicListenerOptions;
  readonly #listeners: Server[] = [];
  #bound: BoundPath | undefined;
  readonly #sockets = new Set<Socket>();

  constructor(options: PublicListenerOptions) {
    this.#options = options;
  }

  /** Takes a connection whose next bytes are HTTP; one that is paused is resumed. */
  readonly accept = (socket: Socket, isH2 = false): void => {
    const { lane, h2, http } = this.#options;
    if (isH2) {
      if (h2 === undefined) socket.destroy();
      else if (lane === undefined) h2.accept(socket);
      else lane.acceptTwo(socket, h2.accept);
      return;
    }
    if (lane === undefined) http.emit('connection', socket);
    else lane.accept(socket);
    if (socket.isPaused()) socket.resume();
  };

  /** Listens; `localhost` means all its addresses, as far as they can be had. */
  async listen(address: Address): Promise<AddressInfo> {
    return this.#take(await bindAll(address, () => this.#listener()));
  }

  /** Listens on an address, a Unix socket, whose address is given as it is written, or the sockets of systemd. */
  async open(address: ListenAddress): Promise<AddressInfo | string> {
    if (address.systemd === true) return this.#take(await bindSystemd(() => this.#listener()));
    if (address.path === undefined) return this.listen(address);
    this.#bound = await bindUnix(address.path, listenAt(address.path, this.adopt()));
    return `unix:${address.path}`;
  }

  /** A listener that does not listen: whoever has its connections gives them to it by `connection` events. */
  adopt(): Server {
    const listener = this.#listener();
    this.#listeners.push(listener);
    this.#begin();
    return listener;
  }

  /** Stops accepting; resolves when every connection has ended (`drain.ts`). */
  async close(): Promise<void> {
    const { http, lane, h2, entrance, upgraded } = this.#options;
    const [listeners, sockets, bound] = [this.#listeners, this.#sockets, this.#bound];
    await drain({ http, lane, h2, entrance, upgraded, listeners, sockets, bound });
  }

  #take<Address>(bound: { readonly address: Address; readonly listeners: readonly Server[] }): Address {
    this.#listeners.push(...bound.listeners);
    this.#begin();
    return bound.address;
  }

  /** What makes node:http look for heads that are late. */
  #begin(): void {
    this.#options.http.emit('listening');
  }

  #listener(): Server {
    const listener = (this.#options.entrance?.createListener ?? tcpListener)(this.accept);
    listener.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    return listener;
  }
}
