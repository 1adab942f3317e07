/**
 * A connection as node:http sees it while the lane has the socket: it is given whole requests, one at a time, and its answers
 * pass through unchanged.
 *
 * node:http takes any Duplex with its documented `connection` event. Promises: what it does to this it does to the socket
 * (timeouts, the end, destruction), but only while it has a request; between two of them the connection is the lane's.
 */

import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

export type ViaNodeOptions = {
  readonly socket: Socket;
  /** The answer to the request that was given has been written, and another may follow. */
  readonly onAnswered: () => void;
  /** node:http wants more of the request, or no more for now. */
  readonly onWants: () => void;
};

type Written = (error?: Error | null) => void;

/** The connection. */
export class ViaNode extends Duplex {
  /** The lane has the connection: node:http has nothing to say about it. */
  isResting = false;
  /** node:http has closed its side, or is about to. */
  isEnding = false;
  bytesRead = 0;
  readonly #options: ViaNodeOptions;

  constructor(options: ViaNodeOptions) {
    // What ends is for the socket to say: it may hold bytes that are to be sent.
    super({ autoDestroy: false, allowHalfOpen: true, emitClose: true });
    this.#options = options;
    options.socket.on('timeout', this.#onTimeout);
  }

  readonly #onTimeout = (): void => {
    if (!this.isResting) this.emit('timeout');
  };

  get remoteAddress(): string | undefined {
    return this.#options.socket.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#options.socket.remotePort;
  }

  get encrypted(): boolean {
    return (this.#options.socket as { encrypted?: boolean }).encrypted === true;
  }

  /** Gives bytes of a request; `false`: no more until `onWants`. */
  give(bytes: Buffer): boolean {
    this.bytesRead += bytes.length;
    return this.push(bytes);
  }

  /** node:http begins to answer. */
  begun(response: ServerResponse): void {
    response.once('finish', () => {
      if (!this.isEnding && !this.destroyed) this.#options.onAnswered();
    });
  }

  setTimeout(ms: number): this {
    if (!this.isResting) this.#options.socket.setTimeout(ms);
    return this;
  }

  /** As net.Socket has it: what has been written is sent, then the connection closes. */
  destroySoon(): void {
    this.isEnding = true;
    this.#options.socket.destroySoon();
  }

  override _read(): void {
    this.#options.onWants();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, written: Written): void {
    this.#options.socket.write(chunk, written);
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], written: Written): void {
    const { socket } = this.#options;
    socket.cork();
    for (const [index, { chunk }] of chunks.entries()) {
      if (index === chunks.length - 1) socket.write(chunk, written);
      else socket.write(chunk);
    }
    socket.uncork();
  }

  override _final(written: Written): void {
    this.isEnding = true;
    this.#options.socket.end(() => {
      written();
    });
  }

  override _destroy(error: Error | null, done: Written): void {
    const { socket } = this.#options;
    socket.off('timeout', this.#onTimeout);
    if (!this.isResting) socket.destroy();
    done(error);
  }
}
