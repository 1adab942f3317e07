/**
 * One connection in the lane: plain requests for what is in memory are answered here, all others by node:http, in order.
 *
 * A request that is plain but no hit goes to node:http through `ViaNode`, and with its answer the connection comes back. With
 * anything odder the socket itself goes to node:http for good. Promises: each byte goes to one of the two, in the order in
 * which it came; nothing is read ahead of a client that does not take its answers.
 */

import type { Socket } from 'node:net';
import { lingerBounds } from '../proxy/exchange/linger.ts';
import { endConnection, endings } from '../proxy/listen/refuse.ts';
import { readFieldBlock } from './field-block.ts';
import type { Hit } from './hits.ts';
import type { Remembered } from './remembered.ts';
import { RequestLine } from './request-line.ts';
import type { Asker, Shared } from './shared.ts';
import { ViaNode } from './via-node.ts';

/**
 * `reading`: the next request is the lane's to read. `blocked`: the client does not take its answers. `elsewhere`: node:http
 * has a request. `over`: there will be no other.
 */
type Phase = 'reading' | 'blocked' | 'elsewhere' | 'over';

/** How much is kept of what comes behind a request that is not answered yet. */
const mostAhead = 64 * 1024;
const blankLine = Buffer.from('\r\n\r\n');
const line = new RequestLine();

/** The connection. */
export class LaneConnection {
  readonly #shared: Shared;
  readonly #socket: Socket;
  readonly #asker: Asker;
  #phase: Phase = 'reading';
  /** What has come and is not dealt with. */
  #rest: Buffer | undefined;
  /** Since when the lane has been waiting for a request, for the rest of one, or for the client to take its answers. */
  #sinceMs: number;
  /** How much had been read when the client was first waited for. */
  #readBefore = 0;
  #hasAnswered = false;
  #via: ViaNode | undefined;
  /** How much of the body of the request that node:http has is still to come. */
  #bodyLeft = 0;

  constructor(socket: Socket, remembered: Remembered, shared: Shared) {
    this.#socket = socket;
    this.#asker = { socket, remembered, known: undefined };
    this.#shared = shared;
    this.#sinceMs = shared.monotonicMs();
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('drain', this.#onDrain);
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
  }

  get isIdle(): boolean {
    return this.#phase === 'reading' && this.#rest === undefined && this.#socket.writableLength === 0;
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Ends the connection if its client has been silent for too long. */
  check(nowMs: number, keepAliveMs: number): void {
    const silentMs = nowMs - this.#sinceMs;
    if (this.#phase === 'blocked' || this.#phase === 'over') {
      // To send more requests is no sign of taking the answers, but it keeps the socket from being silent.
      const isLate = silentMs > this.#shared.limits.bodyPauseMs;
      if (isLate && this.#socket.bytesRead > this.#readBefore) this.#socket.destroy();
    }
    if (this.#phase !== 'reading') return;
    const isBetween = this.#hasAnswered && this.#rest === undefined;
    if (isBetween) {
      if (silentMs > keepAliveMs) this.#socket.destroy();
      return;
    }
    if (silentMs < this.#shared.limits.headersTimeout) return;
    this.#phase = 'over';
    // A head that is late from a client that takes nothing either.
    if (this.#socket.writableLength > 0) this.#socket.destroy();
    else endConnection(this.#socket, endings.slow, this.#shared.limits.linger ?? lingerBounds);
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#phase === 'reading') {
      const rest = this.#rest;
      if (rest === undefined) this.#sinceMs = this.#shared.monotonicMs();
      this.#rest = undefined;
      this.#work(rest === undefined ? chunk : Buffer.concat([rest, chunk]));
    } else if (this.#phase !== 'over') this.#keep(this.#bodyLeft > 0 ? this.#giveBody(chunk) : chunk);
  };

  /** Answers what can be answered of these bytes, which begin with a request. */
  #work(bytes: Buffer): void {
    const { output } = this.#shared;
    output.open(this.#socket);
    let at = 0;
    while (at < bytes.length && this.#phase === 'reading') {
      const end = this.#answer(bytes, at);
      if (end === undefined) break;
      at = end;
    }
    output.flush();
    if (this.#phase === 'reading' && this.#socket.writableNeedDrain) this.#block();
    // RFC 9112 §9.6: behind the last request nothing is one. Or node:http has it.
    if (this.#phase !== 'over' && at < bytes.length) this.#keep(at === 0 ? bytes : bytes.subarray(at));
  }

  /** Deals with the request at `at`: gives its end, or `undefined` where it is not whole or the socket has been given away. */
  #answer(bytes: Buffer, at: number): number | undefined {
    const scanned = line.scan(bytes, at);
    if (scanned === 'odd') {
      this.#giveAway(bytes, at);
      return undefined;
    }
    const end = scanned === 'line' ? this.#readBlock(bytes, line.end) : 'incomplete';
    const most = this.#shared.limits.maxHeaderSize;
    const length = (typeof end === 'number' ? end : bytes.length) - at;
    if (end === 'odd' || length >= most) {
      this.#giveAway(bytes, at);
      return undefined;
    }
    if (end === 'incomplete') return undefined;
    const { known } = this.#asker;
    if (known === undefined) return undefined;
    const { contentLength, closes } = known.block;
    if (contentLength === undefined && (line.method === 'GET' || line.method === 'HEAD')) {
      const target = bytes.toString('latin1', line.targetStart, line.targetEnd);
      const hit = this.#shared.find(this.#asker, line.method, target);
      if (hit !== undefined) {
        this.#send(hit, closes || this.#shared.isLeaving());
        return end;
      }
    }
    this.#shared.output.flush();
    return this.#giveRequest(bytes, { from: at, end, bodyBytes: contentLength ?? 0 });
  }

  /** Finds the fields from `from` on: where they end. They are the asker's `known` then. */
  #readBlock(bytes: Buffer, from: number): number | 'incomplete' | 'odd' {
    const { known } = this.#asker;
    if (known?.isKept === true) {
      const same = from + known.bytes.length;
      if (same <= bytes.length && bytes.compare(known.bytes, 0, undefined, from, same) === 0) return same;
    }
    const blank = bytes.indexOf(blankLine, from);
    if (blank === -1) {
      const soFar = readFieldBlock(bytes.toString('latin1', from));
      return soFar.kind === 'odd' ? 'odd' : 'incomplete';
    }
    const end = blank + blankLine.length;
    this.#asker.known = this.#asker.remembered.blockOf(bytes.subarray(from, end));
    return this.#asker.known === undefined ? 'odd' : end;
  }

  #send(hit: Hit, closes: boolean): void {
    this.#shared.output.write(hit, closes);
    this.#shared.onSent(hit);
    this.#hasAnswered = true;
    if (closes) {
      this.#shared.output.flush();
      this.#phase = 'over';
      this.#limitTaking();
      this.#socket.destroySoon();
    } else if (this.#socket.writableNeedDrain) this.#block();
  }

  /** Reads no more until the client has taken what it has been sent, or for too long has not. */
  #block(): void {
    this.#phase = 'blocked';
    this.#limitTaking();
    this.#socket.pause();
  }

  #limitTaking(): void {
    this.#sinceMs = this.#shared.monotonicMs();
    this.#readBefore = this.#socket.bytesRead;
    this.#socket.setTimeout(this.#shared.limits.bodyPauseMs, this.#onStuck);
  }

  readonly #onStuck = (): void => void this.#socket.destroy();

  readonly #onDrain = (): void => {
    if (this.#phase === 'blocked') this.#takeUp();
  };

  /** The connection is the lane's again. */
  #takeUp(): void {
    const rest = this.#rest;
    this.#rest = undefined;
    this.#phase = 'reading';
    this.#hasAnswered = true;
    this.#sinceMs = this.#shared.monotonicMs();
    this.#socket.setTimeout(0);
    this.#socket.off('timeout', this.#onStuck);
    if (this.#socket.isPaused()) this.#socket.resume();
    if (rest !== undefined) this.#work(rest);
    // The client has closed its side while it was waited for.
    if (this.#socket.readableEnded && this.#via?.isResting !== false) this.#onEnd();
  }

  /** Gives one request to node:http; the connection comes back with its answer. */
  #giveRequest(
    bytes: Buffer,
    { from, end, bodyBytes }: { from: number; end: number; bodyBytes: number },
  ): number {
    this.#phase = 'elsewhere';
    const via = this.#openVia();
    const body = Math.min(bodyBytes, bytes.length - end);
    this.#bodyLeft = bodyBytes - body;
    via.isResting = false;
    if (!via.give(bytes.subarray(from, end + body)) && this.#bodyLeft > 0) this.#socket.pause();
    return end + body;
  }

  #openVia(): ViaNode {
    if (this.#via !== undefined && !this.#via.destroyed) return this.#via;
    const via = new ViaNode({
      socket: this.#socket,
      onAnswered: () => {
        if (this.#bodyLeft > 0 || this.#phase !== 'elsewhere') return;
        via.isResting = true;
        this.#takeUp();
      },
      onWants: () => {
        if (this.#phase === 'elsewhere' && this.#bodyLeft > 0) this.#socket.resume();
      },
    });
    this.#via = via;
    this.#shared.http.emit('connection', via);
    return via;
  }

  /** Gives node:http what belongs to the body of its request; the rest comes back. */
  #giveBody(chunk: Buffer): Buffer {
    const length = Math.min(this.#bodyLeft, chunk.length);
    this.#bodyLeft -= length;
    const wantsMore = this.#via?.give(chunk.subarray(0, length)) ?? true;
    if (!wantsMore && this.#bodyLeft > 0) this.#socket.pause();
    return chunk.subarray(length);
  }

  #keep(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#rest = this.#rest === undefined ? bytes : Buffer.concat([this.#rest, bytes]);
    if (this.#phase !== 'reading' && this.#rest.length > mostAhead) this.#socket.pause();
  }

  /** The socket is node:http's from here on. */
  #giveAway(bytes: Buffer, at: number): void {
    this.#shared.output.flush();
    this.#forget();
    const socket = this.#socket;
    socket.pause();
    socket.unshift(bytes.subarray(at));
    this.#shared.http.emit('connection', socket);
    socket.resume();
  }

  /** Takes the lane's hands off the socket. */
  #forget(): void {
    this.#phase = 'over';
    const socket = this.#socket;
    socket.off('data', this.#onData).off('end', this.#onEnd).off('drain', this.#onDrain);
    socket.off('error', this.#onError).off('close', this.#onClose);
    this.#via?.destroy();
    this.#via = undefined;
    this.#shared.onClosed(this);
  }

  readonly #onEnd = (): void => {
    if (this.#phase === 'reading' && this.#rest === undefined) this.#socket.end();
    else if (this.#phase === 'reading') this.#endWithin();
    else if (this.#phase === 'elsewhere') this.#via?.push(null);
  };

  /** The client has left within a head: node:http says what that is. */
  #endWithin(): void {
    const via = this.#openVia();
    this.#phase = 'over';
    via.isResting = false;
    via.give(this.#rest ?? Buffer.alloc(0));
    via.push(null);
  }

  readonly #onError = (error: Error): void => {
    this.#via?.destroy(error);
    this.#socket.destroy();
  };

  readonly #onClose = (): void => {
    this.#phase = 'over';
    this.#via?.destroy();
    this.#shared.onClosed(this);
  };
}
