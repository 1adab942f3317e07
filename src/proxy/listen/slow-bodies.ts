/** Request bodies that come so slowly that sending them is the point: each holds a connection to the origin. */

import type { IncomingMessage } from 'node:http';

type SlowBodiesOptions = { readonly windowMs: number; readonly leastBytes: number };

type Progress = { readonly bytes: number; readonly since: number };

/** The bodies under way on one listener. */
export class SlowBodies {
  readonly #options: SlowBodiesOptions;
  readonly #bodies = new Map<IncomingMessage, Progress>();

  constructor(options: SlowBodiesOptions) {
    this.#options = options;
  }

  watch(message: IncomingMessage, nowMs: number): void {
    this.#bodies.set(message, { bytes: message.socket.bytesRead, since: nowMs });
    message.once('close', () => this.#bodies.delete(message));
  }

  check(nowMs: number): void {
    const { windowMs, leastBytes } = this.#options;
    for (const [message, { bytes, since }] of this.#bodies) {
      if (message.complete) this.#bodies.delete(message);
      else if (nowMs - since >= windowMs) {
        const now = message.socket.bytesRead;
        if (now - bytes < leastBytes) message.socket.destroy();
        else this.#bodies.set(message, { bytes: now, since: nowMs });
      }
    }
  }
}
