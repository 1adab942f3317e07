/**
 * Writes answers to a connection: small ones are gathered, so that several requests that came in one piece are answered in one;
 * large bodies are handed over as they are.
 *
 * Promise: bytes are not touched while a socket may still have to send them.
 */

import type { Socket } from 'node:net';
import type { Hit, Tails } from './hits.ts';

/** Up to so many bytes copying a body costs less than a second piece. */
const copiedBytes = 24 * 1024;
const bufferBytes = 64 * 1024;
/** More than a tail takes. */
const tailBytes = 512;

export type OutputOptions = {
  readonly tails: Tails;
  /** The `Date` of this second. */
  readonly date: () => string;
};

/** The output of whichever connection is being answered. */
export class Output {
  readonly #options: OutputOptions;
  #buffer = Buffer.allocUnsafeSlow(bufferBytes);
  #used = 0;
  #socket: Socket | undefined;

  constructor(options: OutputOptions) {
    this.#options = options;
  }

  open(socket: Socket): void {
    this.#socket = socket;
  }

  /** Adds an answer. */
  write(hit: Hit, closes: boolean): void {
    const { text } = hit.answer;
    const body = hit.answer.hasBody ? hit.entry.body : undefined;
    const isCopied = body !== undefined && body.length <= copiedBytes;
    const needed = text.length + tailBytes + (isCopied ? body.length : 0);
    if (this.#used + needed > bufferBytes) this.flush();
    if (needed > bufferBytes) this.#socket?.write(text);
    else {
      this.#buffer.set(text, this.#used);
      this.#used += text.length;
    }
    const { tails, date } = this.#options;
    this.#used += this.#buffer.write(tails.textFor(hit, date(), closes), this.#used, 'latin1');
    if (body === undefined) return;
    if (isCopied) {
      this.#buffer.set(body, this.#used);
      this.#used += body.length;
    } else this.#writeLarge(body);
  }

  #writeLarge(body: Buffer): void {
    const socket = this.#socket;
    // A copy, since the socket keeps it until the body is on its way: a buffer in its place each time would cost far more.
    const before = Buffer.from(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
    socket?.cork();
    socket?.write(before);
    socket?.write(body);
    socket?.uncork();
  }

  /** Hands over what has been gathered. */
  flush(): void {
    const socket = this.#socket;
    if (this.#used === 0 || socket === undefined) return;
    const bytes = this.#buffer.subarray(0, this.#used);
    this.#used = 0;
    // TLS keeps what it is given for a while, each time: a copy of the answer costs far less than another buffer.
    if ('encrypted' in socket) {
      socket.write(Buffer.from(bytes));
      return;
    }
    socket.write(bytes);
    // The socket has not sent all of it and keeps the bytes.
    if (socket.writableLength > 0) this.#buffer = Buffer.allocUnsafeSlow(bufferBytes);
  }
}
