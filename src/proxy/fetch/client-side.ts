/**
 * The client's side of a fetch.
 *
 * Promises: a client gets one head; until it is sent a failure may still be told, or something stored be given; what cannot
 * be finished is cut off, never ended as if it were whole.
 */

import type { Fields } from '../../http/message.ts';
import type { OriginFailure } from '../../origin/failure.ts';
import type { OriginHead } from '../../origin/call.ts';
import type { Entry } from '../../store/store.ts';
import { type Delivery, deliver } from '../hit/deliver.ts';
import type { CacheExchange } from '../exchange/exchange.ts';
import { sendFailure } from '../hit/fail.ts';
import { HeldHead } from '../hit/held-head.ts';
import { relayedFields } from '../exchange/upstream-fields.ts';

type State = 'waiting' | 'streaming' | 'holding' | 'done' | 'handed-over';

type ClientHooks = { readonly onDrain: () => void; readonly onGone: (wasStreaming: boolean) => void };

/** One client that waits for a fetch; none at all when the fetch is in the background. */
export class ClientSide {
  readonly #exchange: CacheExchange;
  #hooks: ClientHooks | undefined;
  #state: State = 'waiting';
  #status = 0;
  readonly #head: HeldHead;

  constructor(exchange: CacheExchange, hooks: ClientHooks | undefined) {
    this.#exchange = exchange;
    this.#head = new HeldHead(exchange.reply, exchange.services.later);
    if (hooks === undefined) {
      this.#state = 'done';
      return;
    }
    this.#hooks = hooks;
    exchange.reply.onDrain(() => this.#hooks?.onDrain());
    exchange.reply.onGone(() => {
      const wasStreaming = this.#state === 'streaming';
      this.#state = 'done';
      this.#head.drop();
      this.#hooks?.onGone(wasStreaming);
    });
  }

  /** The status sent; 0 before. */
  get status(): number {
    return this.#status;
  }

  get isWaiting(): boolean {
    return this.#state === 'waiting';
  }

  /** Whether it has been told nothing yet, and may be told anything. */
  get isUntold(): boolean {
    return this.#state === 'waiting' || this.#state === 'holding' || this.#head.isHeld;
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

  get unsentBytes(): number {
    return this.#exchange.reply.unsentBytes;
  }

  /** Another fetch answers it, and all who wait for this one. */
  get isHandedOver(): boolean {
    return this.#state === 'handed-over';
  }

  information(status: number, fields: Fields): void {
    if (this.#state === 'waiting') this.#exchange.reply.information(status, fields);
  }

  hold(): void {
    this.#state = 'holding';
  }

  /** Takes up the origin's head; pieces of the body follow. */
  stream({ status, fields, reasonPhrase }: Omit<OriginHead, 'framing'>, cacheStatus: string): void {
    this.#state = 'streaming';
    this.#status = status;
    this.#head.hold({ status, fields: relayedFields({ status, fields }, cacheStatus), reasonPhrase });
  }

  /** `false` asks to wait for `onDrain`. */
  write(chunk: Buffer): boolean {
    if (this.#state !== 'streaming') return true;
    this.#head.release();
    return this.#exchange.reply.write(chunk);
  }

  end(trailers: Fields): void {
    if (this.#state === 'streaming') {
      this.#head.release();
      this.#exchange.reply.end(undefined, trailers);
    }
    this.#state = 'done';
  }

  /** Answers a precondition of the client with the fields of a full answer. */
  notModified(fields: Fields, cacheStatus: string): void {
    this.#exchange.reply.head(304, relayedFields({ status: 304, fields }, cacheStatus));
    this.#exchange.reply.end();
    this.#status = 304;
    this.#state = 'done';
  }

  /** Answers from a stored response, if the client has not been answered. */
  fromEntry(entry: Entry, delivery: Delivery): void {
    if (this.isUntold) {
      this.#head.drop();
      this.#status = deliver(this.#exchange, entry, delivery);
    }
    this.#state = 'done';
  }

  fail(failure: OriginFailure, cacheStatus: string): void {
    if (this.isUntold) this.#status = sendFailure(this.#exchange, failure, cacheStatus);
    else this.cut();
    this.#head.drop();
    this.#state = 'done';
  }

  /** It gets no more of a body it has begun to get. */
  cut(): void {
    if (this.#state === 'streaming') this.#exchange.reply.abort();
    this.#head.drop();
  }

  /** The fetch is over. An idle connection remembers its last reply, which must not keep the fetch and its body alive. */
  leave(): void {
    this.#hooks = undefined;
  }

  /** Somebody else answers the client. */
  handOver(): void {
    this.#state = 'handed-over';
  }
}
