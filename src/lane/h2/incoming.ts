/**
 * Reads the frames of a client: most are passed on to node:http2 as they are; field blocks, and what belongs to streams that
 * the lane has answered, are not.
 *
 * Promise: each frame goes one way, whole and in order, but for settings, which are read here too.
 */

import { type Block, BlockGatherer } from './block-gatherer.ts';
import {
  codes,
  type ErrorCode,
  flags,
  headBytes,
  lengthAt,
  mostPayload,
  numberAt,
  preface,
  streamAt,
  types,
} from './frames.ts';

/** Each gives the error that ends the connection, or `undefined`. */
export type IncomingListeners = {
  readonly onPassed: (bytes: Buffer) => void;
  readonly onBlock: (block: Block) => ErrorCode | undefined;
  readonly onSettings: (payload: Buffer) => void;
  readonly onReset: (stream: number) => ErrorCode | undefined;
  readonly onWindow: (stream: number, by: number) => ErrorCode | undefined;
  /** Whether a stream was answered here. */
  readonly isOwn: (stream: number) => boolean;
};

const numberBytes = 4;

/** The frames of one connection. */
export class Incoming {
  readonly #listeners: IncomingListeners;
  readonly #blocks = new BlockGatherer();
  #hasPreface = false;
  /** A frame that is not whole. */
  #rest: Buffer | undefined;

  constructor(listeners: IncomingListeners) {
    this.#listeners = listeners;
  }

  /** Takes what has come; gives the error that ends the connection, or `undefined`. */
  take(chunk: Buffer): ErrorCode | undefined {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = undefined;
    if (this.#hasPreface) return this.#takeFrames(bytes, 0);
    if (bytes.length < preface.length) {
      this.#rest = bytes;
      return undefined;
    }
    if (!bytes.subarray(0, preface.length).equals(preface)) return codes.protocol;
    this.#hasPreface = true;
    this.#listeners.onPassed(preface);
    return this.#takeFrames(bytes, preface.length);
  }

  #takeFrames(bytes: Buffer, from: number): ErrorCode | undefined {
    let at = from;
    let passedFrom = from;
    let failed: ErrorCode | undefined;
    while (failed === undefined && at + headBytes <= bytes.length) {
      const length = lengthAt(bytes, at);
      if (length > mostPayload) return codes.frameSize;
      const end = at + headBytes + length;
      if (end > bytes.length) break;
      if (!this.#isPassed(bytes, at, end)) {
        if (passedFrom < at) this.#listeners.onPassed(bytes.subarray(passedFrom, at));
        failed = this.#takeOne(bytes, at, end);
        passedFrom = end;
      }
      at = end;
    }
    if (passedFrom < at) this.#listeners.onPassed(bytes.subarray(passedFrom, at));
    if (at < bytes.length) this.#rest = bytes.subarray(at);
    return failed;
  }

  /** Whether a frame is passed on as it is. */
  #isPassed(bytes: Buffer, at: number, end: number): boolean {
    if (this.#blocks.isWithin) return false;
    const stream = streamAt(bytes, at);
    switch (bytes[at + 3]) {
      case types.headers:
      case types.continuation:
        return false;
      case types.window:
        return stream !== 0 && !this.#listeners.isOwn(stream);
      case types.data:
      case types.reset:
        return !this.#listeners.isOwn(stream);
      case types.settings:
        if (stream === 0 && ((bytes[at + 4] ?? 0) & flags.ack) === 0)
          this.#listeners.onSettings(bytes.subarray(at + headBytes, end));
        return true;
      default:
        return true;
    }
  }

  #takeOne(bytes: Buffer, at: number, end: number): ErrorCode | undefined {
    const type = bytes[at + 3];
    // RFC 9113 §6.10: within a field block nothing else comes, and nowhere else a part of one.
    if (this.#blocks.isWithin !== (type === types.continuation)) return codes.protocol;
    if (type === types.headers) return this.#takeBlock(this.#blocks.headers(bytes, at, end));
    if (type === types.continuation) return this.#takeBlock(this.#blocks.continuation(bytes, at, end));
    // RFC 9113 §5.1: behind the end of its request.
    if (type === types.data) return codes.streamClosed;
    if (end - at !== headBytes + numberBytes) return codes.frameSize;
    const stream = streamAt(bytes, at);
    if (type === types.reset) return this.#listeners.onReset(stream);
    const by = numberAt(bytes, at + headBytes);
    return by === 0 ? codes.protocol : this.#listeners.onWindow(stream, by);
  }

  #takeBlock(block: Block | ErrorCode | undefined): ErrorCode | undefined {
    return typeof block === 'object' ? this.#listeners.onBlock(block) : block;
  }
}
