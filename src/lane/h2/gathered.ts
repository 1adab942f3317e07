/**
 * Frames of answers on their way to a connection: small ones are gathered, so that several requests that came in one piece are
 * answered in one; large bodies are handed over as they are.
 *
 * Promise: bytes are not touched while a socket may still have to send them.
 */

import type { Socket } from 'node:net';
import { flags, headBytes, mostPayload, types, writeHead } from './frames.ts';

const bufferBytes = 64 * 1024;
/** Up to so many bytes copying a body costs less than a second piece. */
const copiedBytes = 24 * 1024;

/** The frames of whichever connection is being answered; `flush` before another is. */
export class Gathered {
  readonly #buffer = Buffer.allocUnsafeSlow(bufferBytes);
  #used = 0;

  /** A HEADERS frame with a block of two parts, which one frame holds. */
  head(socket: Socket, stream: number, { block, tail, isLast }: GatheredHead): void {
    const length = block.length + tail.length;
    this.#makeRoom(socket, headBytes + length);
    const flagged = flags.endHeaders | (isLast ? flags.endStream : 0);
    this.#used = writeHead(this.#buffer, this.#used, { length, type: types.headers, flags: flagged, stream });
    this.#put(block);
    this.#put(tail);
  }

  /** The part of a body between two places, in frames of the usual size. */
  data(socket: Socket, stream: number, { body, from, to }: BodyPart): void {
    const isCopied = to - from <= copiedBytes;
    if (!isCopied) socket.cork();
    for (let at = from; at < to; at += mostPayload) {
      const end = Math.min(to, at + mostPayload);
      const length = end - at;
      this.#makeRoom(socket, headBytes + (isCopied ? length : 0));
      const flagged = end === body.length ? flags.endStream : 0;
      this.#used = writeHead(this.#buffer, this.#used, { length, type: types.data, flags: flagged, stream });
      const piece = length === body.length ? body : body.subarray(at, end);
      if (isCopied) this.#put(piece);
      else {
        this.flush(socket);
        socket.write(piece);
      }
    }
    if (!isCopied) socket.uncork();
  }

  /** Hands over what has been gathered, as a copy: TLS keeps what it is given for a while. */
  flush(socket: Socket): void {
    if (this.#used === 0) return;
    const bytes = Buffer.from(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
    socket.write(bytes);
  }

  #put(bytes: Buffer): void {
    this.#buffer.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  #makeRoom(socket: Socket, bytes: number): void {
    if (this.#used + bytes > bufferBytes) this.flush(socket);
  }
}

export type GatheredHead = {
  readonly block: Buffer;
  readonly tail: Buffer;
  /** Nothing follows it. */
  readonly isLast: boolean;
};

export type BodyPart = { readonly body: Buffer; readonly from: number; readonly to: number };
