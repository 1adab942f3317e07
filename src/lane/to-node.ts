/** Gives node:http one request after the other of a connection whose socket the lane has. */

import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { ViaNode } from './via-node.ts';

type ToNodeOptions = {
  readonly socket: Socket;
  readonly http: Server;
  /** Whether node:http has a request, and the connection comes back with its answer. */
  readonly isAsked: () => boolean;
  readonly onAnswered: () => void;
};

/** A request within what has come: from its first byte to the end of its head, and how long its body is. */
type Given = { readonly from: number; readonly end: number; readonly bodyBytes: number };

/** The requests of one connection that are node:http's. */
export class ToNode {
  readonly #options: ToNodeOptions;
  #via: ViaNode | undefined;
  /** How much of the body of its request is still to come. */
  #bodyLeft = 0;

  constructor(options: ToNodeOptions) {
    this.#options = options;
  }

  /** It has no request. */
  get isResting(): boolean {
    return this.#via?.isResting !== false;
  }

  /** Gives a request; gives the end of what was taken. */
  give(bytes: Buffer, { from, end, bodyBytes }: Given): number {
    const via = this.#open();
    const body = Math.min(bodyBytes, bytes.length - end);
    this.#bodyLeft = bodyBytes - body;
    via.isResting = false;
    if (!via.give(bytes.subarray(from, end + body)) && this.#bodyLeft > 0) this.#options.socket.pause();
    return end + body;
  }

  /** Gives what belongs to the body of its request; the rest comes back. */
  giveBody(chunk: Buffer): Buffer {
    const length = Math.min(this.#bodyLeft, chunk.length);
    if (length === 0) return chunk;
    this.#bodyLeft -= length;
    const wantsMore = this.#via?.give(chunk.subarray(0, length)) ?? true;
    if (!wantsMore && this.#bodyLeft > 0) this.#options.socket.pause();
    return chunk.subarray(length);
  }

  /** The client has left within a head: node:http says what that is. */
  endWithin(bytes: Buffer): void {
    const via = this.#open();
    via.isResting = false;
    via.give(bytes);
    via.push(null);
  }

  /** The client has closed its side. */
  end(): void {
    this.#via?.push(null);
  }

  destroy(error?: Error): void {
    this.#via?.destroy(error);
  }

  #open(): ViaNode {
    if (this.#via !== undefined && !this.#via.destroyed) return this.#via;
    const { socket, http, isAsked, onAnswered } = this.#options;
    const via = new ViaNode({
      socket,
      onAnswered: () => {
        if (this.#bodyLeft > 0 || !isAsked()) return;
        via.isResting = true;
        onAnswered();
      },
      onWants: () => {
        if (isAsked() && this.#bodyLeft > 0) socket.resume();
      },
    });
    this.#via = via;
    http.emit('connection', via);
    return via;
  }
}
