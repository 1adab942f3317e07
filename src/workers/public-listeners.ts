/** The public listeners of the primary: it accepts connections, and the workers read from them. */

import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { ListenAddress } from '../config/config.ts';
import { bindAll } from '../proxy/listen/bind-all.ts';
import { bindSystemd } from '../proxy/listen/bind-systemd.ts';
import { bindUnix, leaving, listenAt } from '../proxy/listen/bind-unix.ts';
import { lastLetIn } from '../proxy/listen/last-let-in.ts';
import type { HandOut } from './hand-out.ts';
import type { BoundAddresses, ListenerName } from './messages.ts';

/** The listeners, by their names. */
export class PublicListeners {
  readonly #handOut: HandOut<Socket>;
  readonly #listeners: { readonly server: Server; readonly stop: () => void }[] = [];
  #addresses: BoundAddresses = {};

  constructor(handOut: HandOut<Socket>) {
    this.#handOut = handOut;
  }

  /** Where they listen. */
  get addresses(): BoundAddresses {
    return this.#addresses;
  }

  /** Makes the function that opens one; the address of a Unix socket is given as it is written. */
  readonly opener =
    (name: ListenerName) =>
    async (address: ListenAddress): Promise<AddressInfo | string> => {
      const bound =
        address.path === undefined
          ? await this.#bind(name, address)
          : await this.#bindUnix(name, address.path);
      this.#addresses = { ...this.#addresses, [name]: bound };
      return bound;
    };

  /** Closes them when everybody who has connected is let in. */
  async close(): Promise<void> {
    await Promise.all(this.#listeners.map(({ server }) => lastLetIn(server)));
    for (const { stop } of this.#listeners) stop();
  }

  async #bind(name: ListenerName, address: ListenAddress): Promise<AddressInfo | string> {
    const create = (): Server => this.#listener(name);
    const bound = await (address.systemd === true ? bindSystemd(create) : bindAll(address, create));
    for (const server of bound.listeners) this.#listeners.push({ server, stop: () => server.close() });
    return bound.address;
  }

  async #bindUnix(name: ListenerName, path: string): Promise<string> {
    const server = this.#listener(name);
    const bound = await bindUnix(path, listenAt(path, server));
    this.#listeners.push({ server, stop: () => leaving(bound, () => server.close()) });
    return `unix:${path}`;
  }

  /** The workers read from the connections; here they only wait. */
  #listener(listener: ListenerName): Server {
    return createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true }, (socket) => {
      socket.on('error', () => socket.destroy());
      this.#handOut.add({ socket, listener });
    });
  }
}
