/** A reply that keeps what it is given: the pipeline's own step says what is sent of a stored response, and the lane sends it. */

import { Readable } from 'node:stream';
import type { Fields } from '../http/message.ts';
import type { FinishFields, Reply } from '../proxy/exchange/reply.ts';

/** An answer. `body` is the very buffer that was handed over. */
export type Captured = {
  readonly status: number;
  readonly fields: Fields;
  readonly body: Buffer | undefined;
};

/** Keeps one whole answer. */
export class CapturedReply implements Reply {
  readonly unsentBytes = 0;
  readonly sentBodyBytes = undefined;
  captured: Captured | undefined;
  readonly #finish: FinishFields | undefined;
  #head: Omit<Captured, 'body'> | undefined;

  constructor(finish: FinishFields | undefined) {
    this.#finish = finish;
  }

  head(status: number, fields: string[]): void {
    this.#head = { status, fields: this.#finish === undefined ? fields : this.#finish(fields) };
  }

  end(body?: Buffer): void {
    if (this.#head !== undefined) this.captured = { ...this.#head, body };
  }

  get requestBody(): Readable {
    return Readable.from([]);
  }

  // A stored response is given in one piece: of the rest of a reply nothing happens.
  information(): void {}
  write(): boolean {
    return true;
  }
  abort(): void {}
  onDrain(): void {}
  onGone(): void {}
  onOver(): void {}
}
