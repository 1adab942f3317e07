/**
 * The client's side of a fetch: told at once, told piece by piece, told at the end, or told already.
 *
 * Promise: a client gets one head; what cannot be finished is cut off, never ended as if it were whole.
 */

import type { Fields } from '../http/message.ts';
import type { OriginFailure } from '../origin/failure.ts';
import type { Entry } from '../store/store.ts';
import { type Delivery, deliver } from './deliver.ts';
import type { CacheExchange } from './exchange.ts';
import { sendFailure } from './fail.ts';
import { relayedFields } from './upstream-fields.ts';

type State = 'waiting' | 'streaming' | 'holding' | 'done' | 'handed-over';

export type ClientHooks = { readonly onDrain: () => void; readonly onGone: (wasStreaming: boolean) => void };

/** One client that waits for a fetch; none at all when the fetch is in the background. */
export class ClientSide {
  readonly #exchange: CacheExchange;
  #state: State = 'waiting';
  #status = 0;

  constructor(exchange: CacheExchange, hooks: ClientHooks | undefined) {
    this.#exchange = exchange;
    if (hooks === undefined) {
      this.#state = 'done';
      return;
    }
    exchange.reply.onDrain(hooks.onDrain);
    exchange.reply.onGone(() => {
      const wasStreaming = this.#state === 'streaming';
      this.#state = 'done';
      hooks.onGone(wasStreaming);
    });
  }

  /** The status sent; 0 before. */
  get status(): number {
    return this.#status;
  }

  get isWaiting(): boolean {
    return this.#state === 'waiting';
  }

  get isHolding(): boolean {
    return this.#state === 'holding';
  }

  get isStreaming(): boolean {
    return this.#state === 'streaming';
  }

  get isDone(): boolean {
    return this.#state === 'done' || this.#state === 'handed-over';
  }

  /** Whether another fetch has taken the client, and all who wait for this one, over. */
  get isHandedOver(): boolean {
    return this.#state === 'handed-over';
  }

  information(status: number, fields: Fields): void {
    if (this.#state === 'waiting') this.#exchange.reply.information(status, fields);
  }

  /** Keeps the client waiting until the whole body is here. */
  hold(): void {
    this.#state = 'holding';
  }

  /** Sends the origin's head; pieces follow. */
  stream(head: { status: number; fields: Fields; reasonPhrase: string }, cacheStatus: string): void {
    this.#state = 'streaming';
    this.#status = head.status;
    this.#exchange.reply.head(head.status, relayedFields(head.fields, cacheStatus), head.reasonPhrase);
  }

  /** `false` asks to wait for `onDrain`. */
  write(chunk: Buffer): boolean {
    return this.#state !== 'streaming' || this.#exchange.reply.write(chunk);
  }

  end(trailers: Fields): void {
    if (this.#state === 'streaming') this.#exchange.reply.end(undefined, trailers);
    this.#state = 'done';
  }

  /** Answers a precondition of the client with the fields of a full answer. */
  notModified(fields: Fields, cacheStatus: string): void {
    this.#exchange.reply.head(304, relayedFields(fields, cacheStatus));
    this.#exchange.reply.end();
    this.#status = 304;
    this.#state = 'done';
  }

  /** Answers from a stored response, if the client has not been answered. */
  fromEntry(entry: Entry, delivery: Delivery): void {
    if (this.#state === 'waiting' || this.#state === 'holding') {
      this.#status = deliver(this.#exchange, entry, delivery);
    }
    this.#state = 'done';
  }

  /** There is no answer, or no more of it. */
  fail(failure: OriginFailure, cacheStatus: string): void {
    if (this.#state === 'streaming') this.#exchange.reply.abort();
    else if (this.#state !== 'done') this.#status = sendFailure(this.#exchange, failure, cacheStatus);
    this.#state = 'done';
  }

  /** Somebody else answers the client. */
  handOver(): void {
    this.#state = 'handed-over';
  }
}
