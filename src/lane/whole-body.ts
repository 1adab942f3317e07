/** A request's body that has come whole with its head, as a stream for whoever sends it on. */

import { Readable } from 'node:stream';

/** Read once. It emits `progress` when it is read, as `RequestBody` does. */
export class WholeBody extends Readable {
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    super();
    this.#bytes = bytes;
  }

  override _read(): void {
    this.emit('progress', this.#bytes);
    this.push(this.#bytes);
    this.push(null);
  }
}
