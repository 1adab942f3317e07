/**
 * The answer to a plain request that is no hit, written on its connection as node:http would write it.
 *
 * Promises: the bytes of `ServerResponse`; a small answer is one write; what cannot be finished is cut off, never ended as if it
 * were whole. It is over when its bytes have left this process, or its connection has closed.
 */

import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { endToEndFields } from '../http/fields.ts';
import type { Fields } from '../http/message.ts';
import type { FinishFields, Reply } from '../proxy/exchange/reply.ts';
import { keepAliveMs } from '../proxy/listen/limits.ts';
import { WholeBody } from './whole-body.ts';
import { saysLast, writeHead, type WrittenHead, writeInterim, writeTrailers } from './written-head.ts';

export type LaneReplyOptions = {
  readonly socket: Socket;
  readonly isHead: boolean;
  /** The request's. */
  readonly body: Buffer | undefined;
  /** Whether it is the last answer on its connection; asked when its head is written. */
  readonly closes: () => boolean;
  readonly date: () => string;
  /** All of it has been written, perhaps not sent. */
  readonly onAnswered: (isLast: boolean) => void;
  /** The client does not take what it is sent. */
  readonly onHeldUp: () => void;
};

/** Up to so many bytes copying a body costs less than a second piece. */
const smallBytes = 4096;
const keepAliveSeconds = Math.floor(keepAliveMs / 1000);
const empty = Buffer.alloc(0);

/** One answer. */
export class LaneReply implements Reply {
  finish: FinishFields | undefined;
  readonly #options: LaneReplyOptions;
  sentBodyBytes = 0;
  #state: 'waiting' | 'begun' | 'ended' | 'gone' = 'waiting';
  /** What waits for the first piece of the body. */
  #head = '';
  #framing: WrittenHead['framing'] = 'none';
  #isLast = false;
  /** Writes whose bytes have not left yet. */
  #unsent = 0;
  readonly #onDrain: (() => void)[] = [];
  readonly #onGone: (() => void)[] = [];
  readonly #onOver: (() => void)[] = [];

  constructor(options: LaneReplyOptions) {
    this.#options = options;
  }

  get requestBody(): Readable {
    return new WholeBody(this.#options.body ?? empty);
  }

  get unsentBytes(): number {
    return this.#isOpen ? this.#options.socket.writableLength + this.#head.length : 0;
  }

  get hasBegun(): boolean {
    return this.#state !== 'waiting';
  }

  information(status: number, fields: Fields): void {
    // RFC 9110 §15.2: 101 is no answer to a request that was not sent with Upgrade.
    if (this.#state !== 'waiting' || !this.#isOpen || status === 101) return;
    this.#write(empty, writeInterim(status, endToEndFields(fields)), '');
  }

  head(status: number, given: string[], reasonPhrase?: string): void {
    if (this.#state !== 'waiting') return;
    const { isHead, closes, date } = this.#options;
    const fields = this.finish === undefined ? given : this.finish(given);
    const to = { isHead, closes: closes(), date: date(), keepAliveSeconds };
    const { text, framing } = writeHead({ status, fields, reasonPhrase, ...to });
    this.#state = 'begun';
    this.#isLast = to.closes || saysLast(fields);
    this.#framing = framing;
    this.#head = text;
  }

  write(chunk: Buffer): boolean {
    if (this.#state !== 'begun' || !this.#isOpen || this.#framing === 'none') return true;
    const isTaken = this.#writePiece(chunk, '');
    if (!isTaken) this.#options.onHeldUp();
    return isTaken;
  }

  end(chunk?: Buffer, trailers: Fields = []): void {
    if (this.#state !== 'begun' || !this.#isOpen) return;
    const last = this.#framing === 'chunked' ? `0\r\n${writeTrailers(endToEndFields(trailers))}\r\n` : '';
    this.#writePiece(this.#framing === 'none' ? empty : (chunk ?? empty), last);
    this.#state = 'ended';
    if (this.#unsent === 0) this.#tell(this.#onOver);
    this.#options.onAnswered(this.#isLast);
  }

  abort(): void {
    this.#options.socket.destroy();
  }

  onDrain(listener: () => void): void {
    this.#onDrain.push(listener);
  }

  onGone(listener: () => void): void {
    this.#onGone.push(listener);
  }

  onOver(listener: () => void): void {
    this.#onOver.push(listener);
  }

  /** The client takes more. */
  drained(): void {
    for (const listener of this.#onDrain) listener();
  }

  /** The connection has closed, or will not take the rest. */
  gone(): void {
    if (this.#state === 'gone' || (this.#state === 'ended' && this.#unsent === 0)) return;
    this.#state = 'gone';
    this.#tell(this.#onGone);
    this.#tell(this.#onOver);
  }

  get #isOpen(): boolean {
    return this.#state !== 'gone' && this.#options.socket.writable;
  }

  #writePiece(chunk: Buffer, last: string): boolean {
    this.sentBodyBytes += chunk.length;
    const head = this.#head;
    this.#head = '';
    if (this.#framing !== 'chunked' || chunk.length === 0) return this.#write(chunk, head, last);
    return this.#write(chunk, `${head}${chunk.length.toString(16)}\r\n`, `\r\n${last}`);
  }

  #write(chunk: Buffer, before: string, behind: string): boolean {
    const { socket } = this.#options;
    if (before === '' && behind === '') return chunk.length === 0 || this.#put(chunk);
    if (chunk.length <= smallBytes) return this.#put(before + chunk.toString('latin1') + behind);
    socket.cork();
    if (before !== '') this.#put(before);
    let isTaken = this.#put(chunk);
    if (behind !== '') isTaken = this.#put(behind);
    socket.uncork();
    return isTaken;
  }

  #put(bytes: Buffer | string): boolean {
    this.#unsent += 1;
    return this.#options.socket.write(bytes, 'latin1', this.#onWritten);
  }

  readonly #onWritten = (error?: Error | null): void => {
    this.#unsent -= 1;
    if (error) this.gone();
    else if (this.#state === 'ended' && this.#unsent === 0) this.#tell(this.#onOver);
  };

  #tell(listeners: (() => void)[]): void {
    for (const listener of listeners.splice(0)) listener();
  }
}
