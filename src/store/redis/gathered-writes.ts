/**
 * Lookups of one turn of the event loop go to Redis together: one system call, where each would be one of its own and
 * cost as much as the rest of its lookup.
 *
 * Promise: nothing waits beyond the turn in which it was asked.
 */

import { Redis } from 'ioredis';
import type { RedisClient } from './connection.ts';

/** What is written to one connection. */
export class GatheredWrites {
  readonly #client: RedisClient;
  #held: Redis['stream'] | undefined;

  constructor(client: RedisClient) {
    this.#client = client;
  }

  /** To be called before a command is given: holds what is written until all that has arrived in this turn is read. */
  hold(): void {
    // A Cluster has a connection for each node, and chooses among them by itself.
    if (this.#held !== undefined || !(this.#client instanceof Redis)) return;
    // Before the first connection there is no stream, whatever its type says.
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
