/**
 * Reads the bodies of a write and of its answer as they pass, where its rules ask about them.
 *
 * Promises: the request's body is neither delayed nor changed. An answer waits for its body no longer than a second, and
 * for no more than `longestReadBytes`. What is not read to its end decides nothing.
 */

import type { Readable } from 'node:stream';
import { combinedValue } from '../../http/fields.ts';
import type { Fields } from '../../http/message.ts';
import { isStream } from '../../http/stream-type.ts';
import { seconds } from '../../kit/time.ts';
import type { Services } from '../exchange/exchange.ts';
import { longestReadBytes } from '../../policy/rules/body-values.ts';

/** The beginning of a body, and whether that is all of it. */
export class ReadBody {
  #pieces: Buffer[] = [];
  #bytes = 0;
  #isWhole = false;

  /** Whether it wants more. */
  add(piece: Buffer): boolean {
    this.#bytes += piece.length;
    const fits = this.#bytes <= longestReadBytes;
    if (fits) this.#pieces.push(piece);
    else this.#pieces = [];
    return fits;
  }

  end(): void {
    this.#isWhole = true;
  }

  /** Undefined: it has not ended, or is too long. */
  whole(): Buffer | undefined {
    return this.#isWhole && this.#bytes <= longestReadBytes ? Buffer.concat(this.#pieces) : undefined;
  }
}

/** Hears the body of a request, which emits `progress` with each piece while another reads it. */
export function overhear(body: Readable): ReadBody {
  const heard = new ReadBody();
  body
    .on('progress', (piece: Buffer) => heard.add(piece))
    .once('end', () => {
      heard.end();
    });
  return heard;
}

const patience = seconds(1);

/** The body of an answer that waits for it. */
export class AwaitedBody {
  readonly #read = new ReadBody();
  readonly #over = Promise.withResolvers<Buffer | undefined>();
  readonly #cancel: () => void;

  constructor(later: Services['later']) {
    this.#cancel = later(patience, () => {
      this.#finish();
    });
  }

  /** Resolves when it is here, or will not be: then with `undefined`. */
  get done(): Promise<Buffer | undefined> {
    return this.#over.promise;
  }

  /** Whether it wants more. */
  add(piece: Buffer): boolean {
    const isWanted = this.#read.add(piece);
    if (!isWanted) this.#finish();
    return isWanted;
  }

  end(isWhole: boolean): void {
    if (isWhole) this.#read.end();
    this.#finish();
  }

  #finish(): void {
    this.#cancel();
    this.#over.resolve(this.#read.whole());
  }
}

/** Whether an answer may wait for its body: one that is short, and not a stream. */
export function mayAwaitBody({
  status,
  fields,
}: {
  readonly status: number;
  readonly fields: Fields;
}): boolean {
  const told = combinedValue(fields, 'content-length');
  return status < 400 && !isStream(fields) && (told === undefined || Number(told) <= longestReadBytes);
}
