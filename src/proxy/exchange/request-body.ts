/**
 * A request's body on its way to the origin. It may be given up without breaking the connection on which the client waits.
 */

import { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/** Read once. It emits `progress` with each piece that comes. */
export class RequestBody extends Readable {
  readonly #message: Readable;
  readonly #onData = (chunk: Buffer): void => {
    this.emit('progress', chunk);
    if (!this.push(chunk)) this.#message.pause();
  };

  constructor(message: Readable) {
    super();
    this.#message = message;
    // Whoever sends it may have let go of it by then: an error that nobody hears would end the process.
    this.on('error', () => undefined);
    message.on('data', this.#onData).pause();
    message.once('end', () => {
      // Node ends a stream of HTTP/2 that the client has reset, as if it were whole.
      if (wasReset(message)) this.destroy(new Error('the client has gone'));
      else this.push(null);
    });
    message.on('error', (error) => this.destroy(error));
    message.once('close', () => {
      if (!message.readableEnded) this.destroy(new Error('the client has gone'));
    });
  }

  override _read(): void {
    this.#message.resume();
  }

  /** What still comes is dropped: a client that writes first and reads later must get to its reading. */
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#message.off('data', this.#onData).resume();
    done(error);
  }
}

const wasReset = (message: Readable): boolean =>
  !(message instanceof IncomingMessage) && 'aborted' in message && message.aborted === true;

/** What undici is to send: in place of a client's request its body. */
export const bodyOf = <Body>(body: Body): NonNullable<Body> | RequestBody | null =>
  body instanceof IncomingMessage ? new RequestBody(body) : (body ?? null);
