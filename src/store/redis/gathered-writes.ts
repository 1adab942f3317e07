/** Sends the lookups of one turn of the event loop to Redis in one system call. Nothing waits beyond its turn. */

import { Redis } from 'ioredis';
import type { RedisClient } from './connection.ts';

/** Gathers the writes to one connection. */
export class GatheredWrites {
  readonly #client: RedisClient;
  #held: Redis['stream'] | undefined;

  constructor(client: RedisClient) {
    this.#client = client;
  }

  /** Call this before a command: it holds the writes until all that has arrived in this turn is read. */
  hold(): void {
    // A Cluster client has one connection for each node and chooses among them itself.
    if (this.#held !== undefined || !(this.#client instanceof Redis)) return;
    // Before the first connection there is no stream, despite the type.
    const stream = this.#client.stream as Redis['stream'] | undefined;
    if (stream === undefined) return;
    this.#held = stream;
    stream.cork();
    setImmediate(() => {
      this.#held = undefined;
      stream.uncork();
    });
  }
}
