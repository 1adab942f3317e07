/**
 * An answer's head that waits for the first piece of its body: until then a failure may still be told, or something stored
 * be given instead.
 *
 * Promise: it does not wait long. What the origin has said, a client that shows or streams it may need before there is a
 * body: that of a stream is news itself and waits not at all.
 */

import { runAfter, seconds } from '../../kit/time.ts';
import { isStream } from '../../http/stream-type.ts';
import type { Reply } from '../exchange/reply.ts';

/** A final response's head as it is to be sent. */
export type SentHead = { readonly status: number; readonly fields: string[]; readonly reasonPhrase: string };

const patience = seconds(1);
const nothing = Buffer.alloc(0);

/** The head of one reply. */
export class HeldHead {
  readonly #reply: Pick<Reply, 'head' | 'write'>;
  #head: SentHead | undefined;
  #cancel: (() => void) | undefined;

  constructor(reply: Pick<Reply, 'head' | 'write'>) {
    this.#reply = reply;
  }

  /** Whether there is a head that has not been sent. */
  get isHeld(): boolean {
    return this.#head !== undefined;
  }

  /** Takes up a head; `release` sends it, or the end of patience. */
  hold(head: SentHead): void {
    this.#head = head;
    const flush = (): void => {
      this.release();
      this.#reply.write(nothing);
    };
    if (isStream(head.fields)) flush();
    else this.#cancel = runAfter(patience, flush);
  }

  /** Sends it, if that has not been done. */
  release(): void {
    const head = this.#head;
    this.drop();
    if (head !== undefined) this.#reply.head(head.status, head.fields, head.reasonPhrase);
  }

  /** It is not sent: something else is, or nobody is there. */
  drop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#head = undefined;
  }
}
