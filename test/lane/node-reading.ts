/** What node:http makes of bytes: its own parser, without a network. */

import { createServer, type IncomingMessage, type Server } from 'node:http';
import { Duplex } from 'node:stream';

export type Reading = {
  readonly method: string;
  readonly target: string;
  readonly fields: readonly string[];
};

/** A server as the public one is set up. */
export class NodeReader {
  readonly #server: Server;
  readonly #seen = new Map<unknown, Reading[]>();

  constructor() {
    this.#server = createServer({ maxHeaderSize: 16 * 1024, requireHostHeader: false }, (message) => {
      this.#note(message);
    });
    this.#server.maxHeadersCount = 0;
    this.#server.on('checkExpectation', (message: IncomingMessage) => {
      this.#note(message);
    });
    this.#server.on('clientError', (_error, socket) => socket.destroy());
    this.#server.emit('listening');
  }

  /** The requests in these bytes, in order. */
  async read(bytes: Buffer): Promise<readonly Reading[]> {
    const seen: Reading[] = [];
    const socket = new Duplex({
      read: () => undefined,
      write: (_chunk, _encoding, done) => {
        done();
      },
    });
    this.#seen.set(socket, seen);
    this.#server.emit('connection', socket);
    socket.push(bytes);
    await new Promise((resolve) => setImmediate(resolve));
    this.#seen.delete(socket);
    socket.destroy();
    return seen;
  }

  close(): void {
    this.#server.close();
  }

  #note(message: IncomingMessage): void {
    const { method = '', url: target = '', rawHeaders: fields } = message;
    message.resume();
    this.#seen.get(message.socket)?.push({ method, target, fields });
  }
}
