/**
 * One connection in the lane: plain requests for what is in memory are answered here, other plain ones that have come whole by
 * the pipeline, on this socket; all others by node:http, in order.
 *
 * A request whose body is still coming goes to node:http through `ViaNode`, and with its answer the connection comes back. With
 * anything odder the socket itself goes to node:http for good. Promises: each byte goes to one of them, in the order in which it
 * came; nothing is read ahead of a client that does not take its answers.
 */

import type { Socket } from 'node:net';
import { lingerBounds } from '../proxy/exchange/linger.ts';
import { endConnection, endings } from '../proxy/listen/refuse.ts';
import type { Hit } from './hits.ts';
import type { Remembered } from './remembered.ts';
import { LaneReply } from './lane-reply.ts';
import { readBlock } from './read-block.ts';
import { RequestLine } from './request-line.ts';
import type { Asked, Asker, Shared } from './shared.ts';
import { Taking } from './taking.ts';
import { ToNode } from './to-node.ts';

/**
 * `reading`: the next request is the lane's to read. `blocked`: the client does not take its answers. `elsewhere`: the
 * pipeline or node:http has a request. `over`: there will be no other.
 */
type Phase = 'reading' | 'blocked' | 'elsewhere' | 'over';

/** How much is kept of what comes behind a request that is not answered yet. */
const mostAhead = 64 * 1024;
const line = new RequestLine();

/** The request whose line was just read; `undefined`: its body has not come whole. */
function askedOf(
  bytes: Buffer,
  { end, contentLength }: { end: number; contentLength: number },
): Asked | undefined {
  if (contentLength > bytes.length - end) return undefined;
  const body = contentLength === 0 ? undefined : bytes.subarray(end, end + contentLength);
  return { method: line.method, target: line.target, body };
}

/** The connection. */
export class LaneConnection {
  readonly #shared: Shared;
  readonly #socket: Socket;
  readonly #asker: Asker;
  readonly #taking: Taking;
  #phase: Phase = 'reading';
  /** What has come and is not dealt with. */
  #rest: Buffer | undefined;
  /** Since when the lane has been waiting for a request, or for the rest of one. */
  #sinceMs: number;
  #hasAnswered = false;
  readonly #toNode: ToNode;
  /** The answer that the pipeline is giving. */
  #reply: LaneReply | undefined;
  #isWorking = false;

  constructor(socket: Socket, remembered: Remembered, shared: Shared) {
    this.#socket = socket;
    this.#asker = { socket, httpVersion: '1.1', remembered, known: undefined, exchange: undefined };
    this.#shared = shared;
    this.#taking = new Taking(socket, shared.limits.bodyPauseMs);
    this.#toNode = new ToNode({
      socket,
      http: shared.http,
      isAsked: () => this.#phase === 'elsewhere',
      onAnswered: () => {
        this.#takeUp();
      },
    });
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
    this.#taking.check(nowMs);
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
    } else if (this.#phase !== 'over') this.#keep(this.#toNode.giveBody(chunk));
  };

  /** Answers what can be answered of these bytes, which begin with a request. */
  #work(bytes: Buffer): void {
    const { output } = this.#shared;
    let at = 0;
    this.#isWorking = true;
    while (at < bytes.length && this.#phase === 'reading') {
      // Each time: what the pipeline does at once may bring answers to other connections.
      output.open(this.#socket);
      const end = this.#answer(bytes, at);
      if (end === undefined) break;
      at = end;
    }
    this.#isWorking = false;
    output.open(this.#socket);
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
    const end = scanned === 'line' ? readBlock(this.#asker, bytes, line.end) : 'incomplete';
    const most = this.#shared.limits.maxHeaderSize;
    const length = (typeof end === 'number' ? end : bytes.length) - at;
    if (end === 'odd' || length >= most) {
      this.#giveAway(bytes, at);
      return undefined;
    }
    if (end === 'incomplete') return undefined;
    const { known } = this.#asker;
    if (known === undefined) return undefined;
    const { contentLength = 0, closes } = known.block;
    const mayHit =
      known.block.contentLength === undefined && (line.method === 'GET' || line.method === 'HEAD');
    const hit = mayHit ? this.#shared.find(this.#asker, line) : undefined;
    if (hit !== undefined) {
      this.#send(hit, closes || this.#shared.isLeaving());
      return end;
    }
    const asked = askedOf(bytes, { end, contentLength });
    this.#shared.output.flush();
    if (asked !== undefined && this.#ask(asked, closes)) return end + contentLength;
    // With its answer the connection comes back.
    this.#phase = 'elsewhere';
    return this.#toNode.give(bytes, { from: at, end, bodyBytes: contentLength });
  }

  #send(hit: Hit, closes: boolean): void {
    this.#shared.output.write(hit, closes);
    this.#shared.onSent(hit);
    this.#hasAnswered = true;
    if (closes) {
      this.#shared.output.flush();
      this.#endBehind();
    } else if (this.#socket.writableNeedDrain) this.#block();
  }

  /** The last answer has been written. */
  #endBehind(): void {
    this.#phase = 'over';
    this.#taking.limit(this.#shared.monotonicMs());
    this.#socket.destroySoon();
  }

  /** Reads no more until the client has taken what it has been sent, or for too long has not. */
  #block(): void {
    this.#phase = 'blocked';
    this.#taking.limit(this.#shared.monotonicMs());
    this.#socket.pause();
  }

  readonly #onDrain = (): void => {
    if (this.#phase === 'blocked') this.#takeUp();
    else if (this.#reply !== undefined) {
      this.#taking.trust();
      this.#reply.drained();
    }
  };

  /** The connection is the lane's again. */
  #takeUp(): void {
    const rest = this.#rest;
    this.#rest = undefined;
    this.#phase = 'reading';
    this.#hasAnswered = true;
    this.#sinceMs = this.#shared.monotonicMs();
    this.#taking.trust();
    if (this.#socket.isPaused()) this.#socket.resume();
    if (rest !== undefined) this.#work(rest);
    // The client has closed its side while it was waited for.
    if (this.#socket.readableEnded && this.#toNode.isResting) this.#onEnd();
  }

  /** Has the pipeline answer on the socket; with its answer the connection comes back. `false`: it is node:http's. */
  #ask(asked: Asked, closes: boolean): boolean {
    const reply = new LaneReply({
      socket: this.#socket,
      isHead: asked.method === 'HEAD',
      body: asked.body,
      closes: () => closes || this.#shared.isLeaving(),
      date: this.#shared.date,
      onAnswered: this.#onAnswered,
      onHeldUp: this.#onHeldUp,
    });
    this.#phase = 'elsewhere';
    this.#reply = reply;
    if (this.#shared.answer(this.#asker, asked, reply)) return true;
    this.#reply = undefined;
    return false;
  }

  readonly #onAnswered = (isLast: boolean): void => {
    this.#reply = undefined;
    this.#hasAnswered = true;
    if (isLast) this.#endBehind();
    else if (this.#socket.writableNeedDrain) this.#block();
    else if (this.#isWorking) this.#phase = 'reading';
    else this.#takeUp();
  };

  readonly #onHeldUp = (): void => {
    this.#taking.limit(this.#shared.monotonicMs());
  };

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
    this.#toNode.destroy();
    this.#shared.onClosed(this);
  }

  readonly #onEnd = (): void => {
    if (this.#phase === 'reading' && this.#rest === undefined) this.#socket.end();
    else if (this.#phase === 'reading') {
      this.#phase = 'over';
      this.#toNode.endWithin(this.#rest ?? Buffer.alloc(0));
    }
    // As node:http does with one that has closed its side before its answer.
    else if (this.#reply !== undefined) this.#socket.end();
    else if (this.#phase === 'elsewhere') this.#toNode.end();
  };

  readonly #onError = (error: Error): void => {
    this.#toNode.destroy(error);
    this.#socket.destroy();
  };

  readonly #onClose = (): void => {
    this.#phase = 'over';
    this.#reply?.gone();
    this.#toNode.destroy();
    this.#shared.onClosed(this);
  };
}
