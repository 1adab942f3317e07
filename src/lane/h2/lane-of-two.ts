/** The lane's connections of HTTP/2, and what they share. */

import type { Shared } from '../shared.ts';
import { BlockTails } from './answer-block.ts';
import { type SharedOfTwo, TwoConnection, type TwoOptions } from './connection.ts';
import { Gathered } from './gathered.ts';

/** The connections of one listener. */
export class LaneOfTwo {
  readonly #connections = new Set<TwoConnection>();
  readonly #shared: SharedOfTwo;

  constructor(shared: Shared) {
    this.#shared = {
      ...shared,
      gathered: new Gathered(),
      tails: new BlockTails(),
      onClosed: (connection) => this.#connections.delete(connection as TwoConnection),
    };
  }

  accept(options: Omit<TwoOptions, 'shared'>): void {
    this.#connections.add(new TwoConnection({ ...options, shared: this.#shared }));
  }

  /** Ends what clients have not taken for too long. */
  check(nowMs: number): void {
    for (const connection of this.#connections) connection.check(nowMs);
  }
}
