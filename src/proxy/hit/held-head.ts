/**
 * An answer's head that waits for the first piece of its body: until then a failure may still be told, or something stored
 * be given instead. It does not wait long, and that of a stream not at all: it is news itself.
 */

import { seconds } from '../../kit/time.ts';
import { isStream } from '../../http/stream-type.ts';
import type { Services } from '../exchange/exchange.ts';
import type { Reply } from '../exchange/reply.ts';

export type SentHead = { readonly status: number; readonly fields: string[]; readonly reasonPhrase: string };

const patience = seconds(1);
const nothing = Buffer.alloc(0);

/** The head of one reply. */
export class HeldHead {
  readonly #reply: Pick<Reply, 'head' | 'write'>;
  readonly #later: Services['later'];
  #head: SentHead | undefined;
  #cancel: (() => void) | undefined;

  constructor(reply: Pick<Reply, 'head' | 'write'>, later: Services['later']) {
    this.#reply = reply;
    this.#later = later;
  }

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
    else this.#cancel = this.#later(patience, flush);
  }

  /** Sends it, if that has not been done. */
  release(): void {
    const head = this.#head;
    this.drop();
    if (head !== undefined) this.#reply.head(head.status, head.fields, head.reasonPhrase);
  }

  drop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#head = undefined;
  }
}
