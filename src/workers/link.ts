/**
 * A channel between two processes: messages in order, those of one turn of the event loop together, and questions that
 * wait for their answer.
 *
 * Promise: a question is answered with `undefined` if the other side fails at it or ends.
 */

import type { Socket } from 'node:net';

/** What can be asked: for each kind, what the question is about, and its answer. */
export type Questions = Readonly<Record<string, { readonly about: unknown; readonly answer: unknown }>>;

/** How each kind of question is answered. */
export type Answering<Asked extends Questions> = {
  readonly [Kind in keyof Asked]: (
    about: Asked[Kind]['about'],
  ) => Asked[Kind]['answer'] | undefined | Promise<Asked[Kind]['answer'] | undefined>;
};

type Envelope<Message> =
  | { readonly kind: 'message'; readonly message: Message }
  | { readonly kind: 'question'; readonly id: number; readonly asked: string; readonly about: unknown }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: unknown };

export type LinkOptions<In, Answered extends Questions> = {
  /** Gives a batch to the other side's `receive`. */
  readonly post: (batch: object, socket?: Socket) => void;
  readonly onMessage: (message: In, socket: Socket | undefined) => void;
  readonly answers: Answering<Answered>;
  readonly onError: (error: unknown) => void;
};

/** One side of a channel. */
export class Link<Out, Asked extends Questions, In, Answered extends Questions> {
  readonly #options: LinkOptions<In, Answered>;
  #queue: Envelope<Out>[] = [];
  #isScheduled = false;
  #isClosed = false;
  #lastId = 0;
  readonly #waiting = new Map<number, (answer: unknown) => void>();

  constructor(options: LinkOptions<In, Answered>) {
    this.#options = options;
  }

  send(message: Out): void {
    this.#push({ kind: 'message', message });
  }

  /** Sends a message with a connection, and all that wait before it. */
  sendSocket(message: Out, socket: Socket): void {
    this.flush();
    if (!this.#isClosed) this.#options.post([{ kind: 'message', message }], socket);
  }

  ask<Kind extends keyof Asked & string>(
    asked: Kind,
    about: Asked[Kind]['about'],
  ): Promise<Asked[Kind]['answer'] | undefined> {
    if (this.#isClosed) return Promise.resolve(undefined);
    this.#lastId += 1;
    const id = this.#lastId;
    this.#push({ kind: 'question', id, asked, about });
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
    });
  }

  /** What the other side has posted. */
  receive(batch: unknown, socket?: Socket): void {
    for (const envelope of batch as readonly Envelope<In>[]) {
      switch (envelope.kind) {
        case 'message':
          this.#options.onMessage(envelope.message, socket);
          break;
        case 'question':
          void this.#answer(envelope);
          break;
        case 'answer':
          this.#waiting.get(envelope.id)?.(envelope.answer);
          this.#waiting.delete(envelope.id);
          break;
        default:
          envelope satisfies never;
      }
    }
  }

  /** Posts at once what waits for the end of the turn. */
  flush(): void {
    const batch = this.#queue;
    if (batch.length === 0 || this.#isClosed) return;
    this.#queue = [];
    this.#options.post(batch);
  }

  /** The other side has ended. */
  close(): void {
    this.#isClosed = true;
    for (const resolve of this.#waiting.values()) resolve(undefined);
    this.#waiting.clear();
  }

  #push(envelope: Envelope<Out>): void {
    this.#queue.push(envelope);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.flush();
    });
  }

  async #answer({ id, asked, about }: Extract<Envelope<In>, { kind: 'question' }>): Promise<void> {
    let answer: unknown;
    try {
      answer = await this.#options.answers[asked]?.(about);
    } catch (error) {
      this.#options.onError(error);
    }
    this.#push({ kind: 'answer', id, answer });
  }
}
