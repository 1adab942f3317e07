/**
 * What goes to the client of one connection: the lane's own answers, and the frames of node:http2 between them.
 *
 * Promises: frames go out whole, and within the windows that the client has opened; node:http2 is told of no more of the
 * connection's window than is open, so that what waits here for it is bounded; what node:http2 sends keeps its order, but for
 * frames of the connection itself, which wait for nothing.
 */

import type { Socket } from 'node:net';
import type { Written } from './carrier.ts';
import {
  type ErrorCode,
  firstWindow,
  flags,
  frameOf,
  frameOfNumbers,
  headBytes,
  lengthAt,
  mostWindow,
  numberAt,
  streamAt,
  types,
} from './frames.ts';
import type { Gathered, GatheredHead } from './gathered.ts';

export type OutgoingOptions = {
  readonly socket: Socket;
  readonly gathered: Gathered;
  /** A frame for node:http2. */
  readonly tellNode: (frame: Buffer) => void;
  /** The highest stream that the lane has answered. */
  readonly lastAnswered: () => number;
};

/** An answer, with its body if it has one. */
type Answer = Omit<GatheredHead, 'isLast'> & { readonly body: Buffer | undefined };
/** An answer that waits for a window. */
type Waiting = { readonly body: Buffer; at: number; window: number; sinceMs: number };

/** So much of the connection's window node:http2 is given at a time: it is the most that may wait here for the client. */
const nodeShare = 64 * 1024;
/** Larger bodies are given to the socket in pieces, so that a slow client is seen to take them. */
const pieceBytes = 64 * 1024;
/** RFC 9113 §6.8: `leave` without a last stream. */
const everyStream = mostWindow;

/** The way out of one connection. */
export class Outgoing {
  readonly #options: OutgoingOptions;
  /** What the client's window takes, and what node:http2 has been told of it. */
  #window = firstWindow;
  #nodeWindow = firstWindow;
  #streamWindow = firstWindow;
  readonly #waiting = new Map<number, Waiting>();
  /** Frames of node:http2's streams that the window has no room for, and all behind them. */
  readonly #held: Buffer[] = [];
  /** A frame of node:http2 that is not whole. */
  #part: Buffer | undefined;
  /** node:http2 takes no further stream. */
  isLeft = false;

  constructor(options: OutgoingOptions) {
    this.#options = options;
  }

  /** Answers wait for the client. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Nothing of node:http2 waits for the window. */
  get isOpen(): boolean {
    return this.#held.length === 0;
  }

  /** Sends an answer of the lane's, as far as the windows take it. */
  answer(stream: number, { body, ...head }: Answer, nowMs: number): void {
    const { socket, gathered } = this.#options;
    const isLast = body === undefined || body.length === 0;
    gathered.head(socket, stream, { ...head, isLast });
    if (isLast) return;
    const most = Math.min(this.#window, this.#streamWindow, pieceBytes);
    if (body.length <= most && this.#waiting.size === 0 && !socket.writableNeedDrain) {
      this.#window -= body.length;
      gathered.data(socket, stream, { body, from: 0, to: body.length });
    } else {
      this.#waiting.set(stream, { body, at: 0, window: this.#streamWindow, sinceMs: nowMs });
      this.pump(nowMs);
    }
  }

  /** Sends what the windows take by now of what waits. */
  pump(nowMs: number): void {
    const { socket, gathered } = this.#options;
    this.#release();
    while (this.#sendRound(nowMs));
    gathered.flush(socket);
    this.#share();
  }

  /** Sends a piece of each answer that waits; gives whether more can be sent. */
  #sendRound(nowMs: number): boolean {
    const { socket, gathered } = this.#options;
    let hasSent = false;
    for (const [stream, one] of this.#waiting) {
      if (!this.isOpen || this.#window <= 0 || socket.writableNeedDrain) return false;
      const most = Math.min(this.#window, one.window, pieceBytes);
      if (most <= 0) continue;
      const to = Math.min(one.body.length, one.at + most);
      this.#window -= to - one.at;
      one.window -= to - one.at;
      gathered.data(socket, stream, { body: one.body, from: one.at, to });
      hasSent = true;
      one.at = to;
      one.sinceMs = nowMs;
      if (to === one.body.length) this.#waiting.delete(stream);
    }
    return hasSent;
  }

  /** The client opens a window by so much. `false`: further than there is. */
  open(stream: number, by: number): boolean {
    if (stream === 0) {
      this.#window += by;
      return this.#window <= mostWindow;
    }
    const one = this.#waiting.get(stream);
    if (one === undefined) return true;
    one.window += by;
    return one.window <= mostWindow;
  }

  /** RFC 9113 §6.9.2: what streams begin with changes those that are under way too. */
  setStreamWindow(size: number): void {
    for (const one of this.#waiting.values()) one.window += size - this.#streamWindow;
    this.#streamWindow = size;
  }

  /** Whether the answer on a stream waits. */
  isWaiting(stream: number): boolean {
    return this.#waiting.has(stream);
  }

  /** The client wants no more of a stream, or takes nothing of it. */
  forget(stream: number): void {
    this.#waiting.delete(stream);
  }

  /** Ends a stream that has not had all of its answer. */
  reset(stream: number, code: ErrorCode): void {
    this.#options.gathered.flush(this.#options.socket);
    this.#waiting.delete(stream);
    this.#options.socket.write(frameOfNumbers(types.reset, stream, code));
  }

  /** The streams whose answers have been waiting since before that. */
  stuckSince(ms: number): number[] {
    return [...this.#waiting].filter(([, { sinceMs }]) => sinceMs < ms).map(([stream]) => stream);
  }

  /** Frames of node:http2. */
  fromNode(bytes: Buffer, written: Written): void {
    const all = this.#part === undefined ? bytes : Buffer.concat([this.#part, bytes]);
    const pieces: Buffer[] = [];
    let [at, from] = [0, 0];
    for (let end = unitEnd(all, at); end !== undefined; end = unitEnd(all, at)) {
      if (this.#isHeldBack(all, at)) {
        if (from < at) pieces.push(all.subarray(from, at));
        this.#held.push(all.subarray(at, end));
        from = end;
      }
      at = end;
    }
    if (from < at) pieces.push(all.subarray(from, at));
    this.#part = at < all.length ? all.subarray(at) : undefined;
    const [piece = Buffer.alloc(0), ...others] = pieces;
    this.#options.socket.write(others.length === 0 ? piece : Buffer.concat(pieces), written);
    this.#release();
    this.#share();
  }

  /** Whether the frame at `at` has to wait. One that need not is counted, and read. */
  #isHeldBack(bytes: Buffer, at: number): boolean {
    const type = bytes[at + 3];
    if (type === types.goaway) this.#raiseLast(bytes, at + headBytes);
    if (streamAt(bytes, at) === 0) return false;
    const length = type === types.data ? lengthAt(bytes, at) : 0;
    this.#nodeWindow -= length;
    if (!this.isOpen || length > Math.max(this.#window, 0)) return true;
    this.#window -= length;
    return false;
  }

  /** RFC 9113 §6.8: the last stream that was acted on may be one of the lane's. */
  #raiseLast(bytes: Buffer, at: number): void {
    const last = numberAt(bytes, at);
    if (last !== everyStream) this.isLeft = true;
    bytes.writeUInt32BE(Math.max(last, this.#options.lastAnswered()), at);
  }

  #release(): void {
    const pieces: Buffer[] = [];
    for (let frame = this.#held.shift(); frame !== undefined; frame = this.#held.shift()) {
      const length = frame[3] === types.data ? lengthAt(frame, 0) : 0;
      const room = Math.max(this.#window, 0);
      this.#window -= Math.min(length, room);
      if (length <= room) pieces.push(frame);
      else {
        const [fits, rest] = split(frame, room);
        if (fits !== undefined) pieces.push(fits);
        this.#held.unshift(rest);
        break;
      }
    }
    if (pieces.length > 0) this.#options.socket.write(Buffer.concat(pieces));
  }

  /** Tells node:http2 of more of the window, if it has used up most of what it was told of. */
  #share(): void {
    const most = Math.min(this.#window, nodeShare);
    if (this.#nodeWindow * 2 > most || !this.isOpen) return;
    const by = most - this.#nodeWindow;
    if (by <= 0) return;
    this.#nodeWindow = most;
    this.#options.tellNode(frameOfNumbers(types.window, 0, by));
  }
}

/** A DATA frame in two, the first with so much of its body; node:http2 pads none. */
function split(frame: Buffer, room: number): [fits: Buffer | undefined, rest: Buffer] {
  if (room === 0) return [undefined, frame];
  const stream = streamAt(frame, 0);
  const [fits, flagged] = [headBytes + room, frame[4] ?? 0];
  return [
    frameOf({ type: types.data, flags: 0, stream }, frame.subarray(headBytes, fits)),
    frameOf({ type: types.data, flags: flagged, stream }, frame.subarray(fits)),
  ];
}

/** The end of the frame at `at`, or of all frames of its field block; `undefined`: it is not whole. */
function unitEnd(bytes: Buffer, at: number): number | undefined {
  let end = at;
  for (let isBlock = true; isBlock;) {
    if (end + headBytes > bytes.length) return undefined;
    const type = bytes[end + 3];
    const flagged = bytes[end + 4] ?? 0;
    isBlock = (type === types.headers || type === types.continuation) && (flagged & flags.endHeaders) === 0;
    end += headBytes + lengthAt(bytes, end);
  }
  return end <= bytes.length ? end : undefined;
}
