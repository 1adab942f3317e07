/**
 * Whether a client takes its answers: one that has not for too long is cut off. To send more requests is no sign of it, but keeps
 * the socket from being silent.
 */

import type { Socket } from 'node:net';

/** The waiting for one client to take what it has been sent. */
export class Taking {
  readonly #socket: Socket;
  readonly #limitMs: number;
  #sinceMs: number | undefined;
  /** How much had been read when it was first waited for. */
  #readBefore = 0;

  constructor(socket: Socket, limitMs: number) {
    this.#socket = socket;
    this.#limitMs = limitMs;
  }

  /** From now on it is waited for. */
  limit(nowMs: number): void {
    if (this.#sinceMs !== undefined) return;
    this.#sinceMs = nowMs;
    this.#readBefore = this.#socket.bytesRead;
    this.#socket.setTimeout(this.#limitMs, this.#onStuck);
  }

  /** It takes what it is sent, or somebody else watches it. */
  trust(): void {
    this.#sinceMs = undefined;
    this.#socket.setTimeout(0);
    this.#socket.off('timeout', this.#onStuck);
  }

  check(nowMs: number): void {
    if (this.#sinceMs === undefined || nowMs - this.#sinceMs <= this.#limitMs) return;
    if (this.#socket.bytesRead > this.#readBefore) this.#socket.destroy();
  }

  readonly #onStuck = (): void => void this.#socket.destroy();
}
