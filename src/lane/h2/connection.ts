/**
 * One connection of HTTP/2 in the lane: requests for what is in memory are answered here, frame by frame; all else goes to
 * node:http2, which sees a connection on which those were never sent, and whose frames go out between the lane's.
 *
 * Promises: what breaks a rule that node:http2 cannot see broken ends the connection; nothing is read ahead of a client that
 * does not take its answers; one that takes none for too long is cut off.
 */

import type { Socket } from 'node:net';
import type { Remembered } from '../remembered.ts';
import type { Shared } from '../shared.ts';
import type { BlockTails } from './answer-block.ts';
import { Carrier } from './carrier.ts';
import { codes, type ErrorCode, frameOfNumbers, types } from './frames.ts';
import type { Gathered } from './gathered.ts';
import { Incoming } from './incoming.ts';
import { Outgoing } from './outgoing.ts';
import { Requests } from './requests.ts';
import { readSettings, usualTableBytes } from './settings.ts';
import { Streams } from './streams.ts';

export type SharedOfTwo = Pick<Shared, 'find' | 'onSent' | 'monotonicMs' | 'date' | 'limits' | 'onClosed'> & {
  readonly gathered: Gathered;
  readonly tails: BlockTails;
};

export type TwoOptions = {
  readonly socket: Socket;
  readonly remembered: Remembered;
  readonly shared: SharedOfTwo;
  /** Gives node:http2 the connection. */
  readonly serve: (carrier: Carrier) => void;
};

/** So many bytes at a time are given to node:http2. */
const mostForNode = 64 * 1024;

/** The connection. */
export class TwoConnection {
  readonly #socket: Socket;
  readonly #shared: SharedOfTwo;
  readonly #carrier: Carrier;
  readonly #outgoing: Outgoing;
  readonly #streams: Streams;
  readonly #incoming: Incoming;
  /** What has been read for node:http2. */
  #forNode: Buffer[] = [];
  #bytesForNode = 0;
  #tableBytes = usualTableBytes;
  /** node:http2 has begun to speak: its settings come before any answer. */
  #hasBegun = false;
  /** Nothing more is read. */
  #isOver = false;
  /** The client has closed its side. */
  #hasEnded = false;
  /** Since when the client takes nothing. */
  #blockedSinceMs: number | undefined;
  #isNodeFull = false;
  /** node:http2 waits for the end of the connection. */
  #onAllTaken: (() => void) | undefined;

  constructor({ socket, remembered, shared, serve }: TwoOptions) {
    this.#socket = socket;
    this.#shared = shared;
    this.#outgoing = new Outgoing({
      socket,
      gathered: shared.gathered,
      lastAnswered: () => this.#streams.lastAnswered,
      tellNode: (frame) => {
        // Not at once: node:http2 may be writing.
        if (this.#forNode.push(frame) === 1) process.nextTick(this.#flushToNode);
      },
    });
    const isEncrypted = (socket as { encrypted?: boolean }).encrypted === true;
    const asker = { socket, httpVersion: '2.0', remembered, known: undefined, exchange: undefined } as const;
    const requests = new Requests(remembered, isEncrypted);
    const [outgoing, onPassed] = [this.#outgoing, this.#onPassed];
    this.#streams = new Streams({ shared, asker, requests, outgoing, onPassed });
    this.#incoming = this.#reading();
    this.#carrier = this.#carry();
    socket.on('error', () => socket.destroy());
    socket.once('close', this.#onClose);
    serve(this.#carrier);
  }

  /** Ends what its client has not taken for too long. */
  check(nowMs: number): void {
    const longAgo = nowMs - this.#shared.limits.bodyPauseMs;
    if ((this.#blockedSinceMs ?? nowMs) < longAgo) this.#socket.destroy();
    for (const stream of this.#outgoing.stuckSince(longAgo)) this.#outgoing.reset(stream, codes.internal);
    this.#tellAllTaken();
  }

  readonly #onPassed = (bytes: Buffer): void => {
    this.#forNode.push(bytes);
    this.#bytesForNode += bytes.length;
    // A few bytes may be blocks of many.
    if (this.#bytesForNode > mostForNode) this.#flushToNode();
  };

  #reading(): Incoming {
    const [streams, outgoing] = [this.#streams, this.#outgoing];
    return new Incoming({
      onPassed: this.#onPassed,
      isOwn: (stream) => streams.isOwn(stream),
      onBlock: (block) => streams.take(block),
      onReset: (stream) => streams.reset(stream),
      onWindow: (stream, by) => (outgoing.open(stream, by) ? undefined : codes.flowControl),
      onSettings: (payload) => {
        const { streamWindow, tableBytes, hasSmallerTable } = readSettings(payload, this.#tableBytes);
        this.#tableBytes = tableBytes;
        if (hasSmallerTable) streams.isAllNodes = true;
        if (streamWindow !== undefined) outgoing.setStreamWindow(streamWindow);
      },
    });
  }

  #carry(): Carrier {
    return new Carrier({
      socket: this.#socket,
      answeredAtMs: () => this.#streams.answeredAtMs,
      onFrames: (bytes, written) => {
        this.#outgoing.fromNode(bytes, written);
        if (!this.#hasBegun) this.#begin();
      },
      onWants: () => {
        this.#isNodeFull = false;
        this.#goOn();
      },
      onEnd: (ended) => {
        this.#onAllTaken = () => this.#socket.end(ended);
        this.#tellAllTaken();
      },
    });
  }

  #begin(): void {
    this.#hasBegun = true;
    this.#socket.on('data', this.#onData).on('drain', this.#onDrain).once('end', this.#onEnd);
    this.#socket.resume();
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#isOver) return;
    const failed = this.#incoming.take(chunk);
    this.#outgoing.pump(this.#shared.monotonicMs());
    this.#flushToNode();
    this.#tellAllTaken();
    if (failed !== undefined) this.#fail(failed);
    else if (this.#socket.writableNeedDrain) this.#block();
  };

  readonly #flushToNode = (): void => {
    const pieces = this.#forNode;
    const [first] = pieces;
    if (first === undefined || this.#carrier.destroyed || this.#hasEnded) return;
    this.#forNode = [];
    this.#bytesForNode = 0;
    const isTaken = this.#carrier.push(pieces.length === 1 ? first : Buffer.concat(pieces));
    if (isTaken) return;
    this.#isNodeFull = true;
    this.#socket.pause();
  };

  /** RFC 9113 §5.4.1: the connection ends, with the reason. */
  #fail(code: ErrorCode): void {
    this.#isOver = true;
    if (this.#socket.writable) this.#socket.write(frameOfNumbers(types.goaway, 0, this.#streams.last, code));
    this.#carrier.destroy();
    // Bytes that nobody reads would have the system throw the last frame away.
    this.#socket.resume();
  }

  /** Reads no more until the client has taken what it has been sent. */
  #block(): void {
    this.#blockedSinceMs ??= this.#shared.monotonicMs();
    this.#socket.pause();
  }

  readonly #onDrain = (): void => {
    this.#blockedSinceMs = undefined;
    this.#outgoing.pump(this.#shared.monotonicMs());
    this.#tellAllTaken();
    if (this.#socket.writableNeedDrain) this.#block();
    else this.#goOn();
  };

  #goOn(): void {
    if (this.#hasBegun && this.#blockedSinceMs === undefined && !this.#isNodeFull) this.#socket.resume();
  }

  /** The connection ends behind the answers that wait for the client. */
  #tellAllTaken(): void {
    if (this.#onAllTaken === undefined || this.#outgoing.waiting > 0) return;
    this.#onAllTaken();
    this.#onAllTaken = undefined;
  }

  readonly #onEnd = (): void => {
    this.#flushToNode();
    this.#hasEnded = true;
    if (!this.#carrier.destroyed) this.#carrier.push(null);
  };

  readonly #onClose = (): void => {
    this.#isOver = true;
    this.#carrier.destroy();
    this.#shared.onClosed(this);
  };
}
