/** The clients that get one fetch's body as it comes: the origin waits only for all of them; who lags too far is cut off. */

import type { Fields } from '../../http/message.ts';
import type { OriginFailure } from '../../origin/failure.ts';
import type { Follower } from '../exchange/exchange.ts';
import type { ClientSide } from './client-side.ts';

/** The readers of one fetch. */
export class Readers {
  readonly #first: ClientSide;
  readonly #followers = new Set<Follower>();
  readonly #mostUnsentBytes: number;

  constructor(first: ClientSide, mostUnsentBytes: number) {
    this.#first = first;
    this.#mostUnsentBytes = mostUnsentBytes;
  }

  get followers(): number {
    return this.#followers.size;
  }

  add(follower: Follower, chunks: readonly Buffer[]): void {
    this.#followers.add(follower);
    for (const chunk of chunks) follower.client.write(chunk);
  }

  leave(follower: Follower): void {
    this.#followers.delete(follower);
  }

  /** `false`: none of them takes more for now. */
  write(chunk: Buffer): boolean {
    const first = this.#first;
    let isTaken = first.write(chunk);
    if (this.#followers.size === 0) return isTaken;
    isTaken &&= first.isStreaming;
    if (first.isStreaming && first.unsentBytes > this.#mostUnsentBytes) first.cut();
    for (const follower of [...this.#followers]) {
      if (follower.client.write(chunk)) isTaken = true;
      else if (follower.client.unsentBytes > this.#mostUnsentBytes) follower.client.cut();
    }
    return isTaken;
  }

  end(trailers: Fields): void {
    for (const follower of this.#take()) {
      follower.client.end(trailers);
      follower.onOver(undefined);
    }
  }

  fail(failure: OriginFailure): void {
    for (const follower of this.#take()) {
      follower.client.cut();
      follower.onOver(failure.reason);
    }
  }

  #take(): Follower[] {
    const all = [...this.#followers];
    this.#followers.clear();
    return all;
  }
}
