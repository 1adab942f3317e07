/**
 * A connection as node:http2 sees it while the lane has the socket.
 *
 * node:http2 takes any Duplex. Promises: what it writes goes to `onFrames` in order; what it does to this it does to the socket,
 * when the lane's own answers have been written.
 */

import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

export type CarrierOptions = {
  readonly socket: Socket;
  /** When the lane answered last, in monotonic milliseconds; `undefined`: it has not. */
  readonly answeredAtMs: () => number | undefined;
  /** Frames of node:http2, cut anywhere; `written` when their bytes have left. */
  readonly onFrames: (bytes: Buffer, written: Written) => void;
  /** node:http2 takes more. */
  readonly onWants: () => void;
  /** node:http2 has said all: the socket may end; `ended` when it has. */
  readonly onEnd: (ended: () => void) => void;
};

/** How long a client may take with the last frames. */
const lingerMs = 1000;

export type Written = (error?: Error | null) => void;

/** The connection. */
export class Carrier extends Duplex {
  readonly #options: CarrierOptions;

  constructor(options: CarrierOptions) {
    super({ allowHalfOpen: true });
    this.#options = options;
  }

  get remoteAddress(): string | undefined {
    return this.#options.socket.remoteAddress;
  }

  get answeredAtMs(): number | undefined {
    return this.#options.answeredAtMs();
  }

  get encrypted(): boolean {
    return (this.#options.socket as { encrypted?: boolean }).encrypted === true;
  }

  override _read(): void {
    this.#options.onWants();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, written: Written): void {
    this.#options.onFrames(chunk, written);
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], written: Written): void {
    this.#options.onFrames(Buffer.concat(chunks.map(({ chunk }) => chunk)), written);
  }

  override _final(ended: Written): void {
    this.#options.onEnd(ended);
  }

  override _destroy(error: Error | null, done: Written): void {
    const { socket } = this.#options;
    if (error === null && !socket.writableEnded) {
      socket.destroySoon();
      setTimeout(() => socket.destroy(), lingerMs).unref();
    } else socket.destroy();
    done(error);
  }
}
