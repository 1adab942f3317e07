/** Wraps a connection for undici: the same bytes, without those that `HeadFilter` removes. */

import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { HeadFilter } from './head-filter.ts';

type Chunk = { readonly chunk: Buffer; readonly encoding: BufferEncoding };
type Done = (error?: Error | null) => void;

/** Wraps a connection. */
export class OriginSocket extends Duplex {
  readonly #socket: Socket;

  constructor(socket: Socket, filter: HeadFilter) {
    super({ decodeStrings: false, highWaterMark: 64 * 1024, allowHalfOpen: false });
    this.#socket = socket;
    // The owner of this wrapper decides whether one end closes both.
    socket.allowHalfOpen = true;
    socket.on('data', (chunk: Buffer) => {
      const bytes = filter.take(chunk);
      if (bytes.length > 0 && !this.push(bytes)) socket.pause();
    });
    socket.once('end', () => {
      const held = filter.flush();
      if (held.length > 0) this.push(held);
      this.push(null);
    });
    socket.once('error', (error) => this.destroy(error));
    socket.once('close', () => this.destroy());
  }

  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  get bytesWritten(): number {
    return this.#socket.bytesWritten;
  }

  ref(): void {
    this.#socket.ref();
  }

  unref(): void {
    this.#socket.unref();
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: Done): void {
    this.#socket.write(chunk, encoding, done);
  }

  override _writev(chunks: Chunk[], done: Done): void {
    const last = chunks.pop();
    this.#socket.cork();
    for (const { chunk, encoding } of chunks) this.#socket.write(chunk, encoding);
    if (last !== undefined) this.#socket.write(last.chunk, last.encoding, done);
    this.#socket.uncork();
  }

  override _final(done: Done): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#socket.destroy();
    done(error);
  }
}
