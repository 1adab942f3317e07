/**
 * The streams of one connection: who answers each. One that asks for what is in memory is answered here, the others are opened
 * for node:http2, which sees those that it is not given as closed.
 *
 * Promise: a stream is answered by one of the two; the limits that hold for node:http2's hold here.
 */

import type { Hit } from '../hits.ts';
import { RequestLine } from '../request-line.ts';
import type { Asker, Shared } from '../shared.ts';
import { type BlockTails, blockOfAnswer } from './answer-block.ts';
import type { Block } from './block-gatherer.ts';
import { codes, type ErrorCode, flags, frameOf, mostPayload, types } from './frames.ts';
import { blockOf } from './hpack-writer.ts';
import { mostListBytes } from './hpack-reader.ts';
import type { Outgoing } from './outgoing.ts';
import type { Requests } from './requests.ts';
import { ResetLimit } from './reset-limit.ts';

export type StreamsOptions = {
  readonly shared: Pick<Shared, 'find' | 'onSent' | 'monotonicMs' | 'date'> & { readonly tails: BlockTails };
  readonly asker: Asker;
  readonly requests: Requests;
  readonly outgoing: Outgoing;
  /** Gets frames for node:http2. */
  readonly onPassed: (frame: Buffer) => void;
};

/** Answers that wait for the client at once; further requests are node:http2's, which has a limit of its own. */
const mostWaiting = 128;
const line = new RequestLine();

/** The streams. */
export class Streams {
  readonly #options: StreamsOptions;
  readonly #resets = new ResetLimit();
  /** The client's table is smaller than usual: node:http2 writes all blocks. */
  isAllNodes = false;
  /** The highest stream that the client has opened, and the highest that was answered here. */
  last = 0;
  lastAnswered = 0;
  #lastOfNode = 0;
  /** In monotonic milliseconds; `undefined`: nothing was answered here. */
  answeredAtMs: number | undefined;

  constructor(options: StreamsOptions) {
    this.#options = options;
  }

  /** Whether a stream was answered here. Those before its last node:http2 knows as closed. */
  isOwn(stream: number): boolean {
    if (stream > this.last || stream % 2 === 0) return false;
    return stream > this.#lastOfNode || this.#options.outgoing.isWaiting(stream);
  }

  /** Takes a field block; gives the error that ends the connection, or `undefined`. */
  take(block: Block): ErrorCode | undefined {
    const { stream, endsStream } = block;
    const read = this.#options.requests.read(block.bytes);
    if (read === undefined) return codes.compression;
    if (this.isOwn(stream)) return codes.streamClosed;
    const isNew = stream % 2 === 1 && stream > this.last;
    if (isNew) this.last = stream;
    if (read.bytes > mostListBytes) return this.#refuse(stream, isNew);
    if (isNew && endsStream && read.head !== undefined && this.#mayAnswer()) {
      const { shared, asker } = this.#options;
      asker.known = read.head.known;
      const isLine = line.scan(read.head.text, 0) === 'line';
      const hit = isLine ? shared.find(asker, line) : undefined;
      if (hit !== undefined && this.#answer(stream, hit)) return undefined;
    }
    if (isNew) this.#lastOfNode = stream;
    read.forNode ??= blockOf(read.fields);
    this.#pass(block, read.forNode);
    return undefined;
  }

  /** A head that means far more than one may: its fields are not even passed on. */
  #refuse(stream: number, isNew: boolean): ErrorCode | undefined {
    if (!isNew) return codes.calm;
    this.#options.outgoing.reset(stream, codes.calm);
    return this.reset(stream);
  }

  /** The client takes back what it has asked for. */
  reset(stream: number): ErrorCode | undefined {
    const { outgoing, shared } = this.#options;
    outgoing.forget(stream);
    return this.#resets.take(shared.monotonicMs()) ? undefined : codes.calm;
  }

  #mayAnswer(): boolean {
    const { waiting, isOpen, isLeft } = this.#options.outgoing;
    return !this.isAllNodes && isOpen && !isLeft && waiting < mostWaiting;
  }

  /** `false`: the head has no place in HTTP/2, or takes more than a frame. */
  #answer(stream: number, hit: Hit): boolean {
    const { shared, outgoing } = this.#options;
    const block = blockOfAnswer(hit.answer);
    if (block === undefined) return false;
    const tail = shared.tails.for(hit, shared.date());
    if (block.length + tail.length > mostPayload) return false;
    this.lastAnswered = stream;
    this.answeredAtMs = shared.monotonicMs();
    const body = hit.answer.hasBody ? hit.entry.body : undefined;
    outgoing.answer(stream, { block, tail, body }, this.answeredAtMs);
    shared.onSent(hit);
    return true;
  }

  /** Gives node:http2 a block, written so that it needs no table. */
  #pass({ stream, endsStream, priority }: Block, block: Buffer): void {
    const payload = priority === undefined ? block : Buffer.concat([priority, block]);
    for (let at = 0; at === 0 || at < payload.length; at += mostPayload) {
      const isFirst = at === 0;
      let flagged = at + mostPayload >= payload.length ? flags.endHeaders : 0;
      if (isFirst && endsStream) flagged |= flags.endStream;
      if (isFirst && priority !== undefined) flagged |= flags.priority;
      const type = isFirst ? types.headers : types.continuation;
      const piece = payload.subarray(at, at + mostPayload);
      this.#options.onPassed(frameOf({ type, flags: flagged, stream }, piece));
    }
  }
}
