/**
 * HTTP/2 on the public listener: each stream is read strictly as a request, then goes the way of all requests.
 *
 * Promises: a connection has so many streams at once, so many resets, malformed frames and control frames, then it ends; a
 * client that neither sends nor takes what it should loses the stream, and one that asks for nothing the connection; one that
 * is told to leave (GOAWAY) gets its answers.
 */

import {
  constants,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
} from 'node:http2';
import type { Duplex } from 'node:stream';
import { systemClock } from '../../kit/time.ts';
import type { MessageHead, ReadResult, Refusal } from '../exchange/client-request.ts';
import type { RequestBody } from '../exchange/request-body.ts';
import type { Pipeline } from '../pipeline.ts';
import { type Answer, crashAnswer, ownAnswer, refusalAnswer } from './answer-here.ts';
import { messageHeadOf } from './h2-head.ts';
import { hasAllOf, StreamReply } from './stream-reply.ts';

export type H2Options = {
  readonly read: (head: MessageHead) => ReadResult;
  readonly pipeline: Pipeline;
  readonly onRefused: (refusal: Refusal) => void;
  readonly onError: (error: unknown) => void;
  readonly bounds?: H2Bounds;
};

/** Times in milliseconds. */
export type H2Bounds = {
  /** Until the first request. */
  readonly firstMs: number;
  /** Between two requests. */
  readonly idleMs: number;
  /** Between two pieces of a request's body, and between two pieces of an answer that are taken. */
  readonly pauseMs: number;
  /** What comes of a request's body in that time at least: a trickle holds a connection to the origin. */
  readonly bodyBytes: number;
  /** How long a client that has been left may keep its side open. */
  readonly lingerMs: number;
};

export const h2Bounds: H2Bounds = {
  firstMs: 15_000,
  idleMs: 65_000,
  pauseMs: 60_000,
  bodyBytes: 1024,
  lingerMs: 1000,
};

/** What carries a connection: a socket, or what somebody makes of one who answers some of its requests. */
export type Carrier = Duplex & {
  readonly remoteAddress?: string | undefined;
  readonly encrypted?: boolean | undefined;
  /** When a request was last answered without node:http2, in monotonic milliseconds. */
  readonly answeredAtMs?: number | undefined;
};

/** What Node and nghttp2 allow a connection. */
const sessionOptions: ServerOptions & { readonly strictSingleValueFields: boolean } = {
  settings: { maxConcurrentStreams: 128, maxHeaderListSize: 16 * 1024, enablePush: false },
  // The reader counts too, and says so with a 431.
  maxHeaderListPairs: 160,
  maxSessionMemory: 10,
  maxOutstandingPings: 8,
  maxSessionInvalidFrames: 64,
  maxSessionRejectedStreams: 64,
  // CVE-2023-44487, rapid reset: a browser that leaves a page cancels what it has asked for, and no more.
  streamResetBurst: 256,
  streamResetRate: 32,
  // What an origin says twice is the client's to judge, as over HTTP/1.1.
  strictSingleValueFields: false,
};

/** The fields are the last of what the event tells, names and values in turn. */
type StreamEvent = readonly [stream: ServerHttp2Stream, headers: unknown, flags: number, fields: string[]];

/** The connections of one listener that speak HTTP/2. */
export class H2Server {
  readonly #options: H2Options;
  readonly #bounds: H2Bounds;
  readonly #sessions = new Set<ServerHttp2Session>();

  constructor(options: H2Options) {
    this.#options = options;
    this.#bounds = options.bounds ?? h2Bounds;
  }

  /** Takes a connection whose next bytes are HTTP/2. */
  readonly accept = (socket: Carrier): void => {
    const session = performServerHandshake(socket, sessionOptions);
    this.#sessions.add(session);
    let streams = 0;
    const { remoteAddress, encrypted } = socket;
    const peer = { remoteAddress, encrypted };
    session.once('close', () => this.#sessions.delete(session));
    // Node would wait for ever for the end of its side.
    socket.once('finish', () => void setTimeout(() => socket.destroy(), this.#bounds.lingerMs).unref());
    session.on('error', () => session.destroy());
    session.setTimeout(this.#bounds.firstMs);
    session.on('timeout', () => {
      // Streams have limits of their own.
      if (streams > 0) return;
      const leftMs = this.#idleLeft(socket);
      if (leftMs > 0) session.setTimeout(leftMs);
      else session.close();
    });
    session.on('stream', (...[stream, , , fields]: StreamEvent) => {
      streams += 1;
      session.setTimeout(this.#bounds.idleMs);
      stream.once('close', () => (streams -= 1));
      this.#take(stream, fields, peer);
    });
  };

  /** How long a connection may yet be idle since it was answered elsewhere. */
  #idleLeft({ answeredAtMs }: Carrier): number {
    return answeredAtMs === undefined ? 0 : answeredAtMs + this.#bounds.idleMs - systemClock.monotonicMs();
  }

  /** Every connection is told that it is to be left: what has been sent before the client reads that is answered. */
  leave(): void {
    for (const session of this.#sessions)
      if (!session.destroyed) session.goaway(constants.NGHTTP2_NO_ERROR, 2 ** 31 - 1);
  }

  /** No further request is taken; a connection ends with its last answer. */
  closeIdle(): void {
    for (const session of this.#sessions) if (!session.closed) session.close();
  }

  #take(stream: ServerHttp2Stream, fields: readonly string[], peer: MessageHead['socket']): void {
    // What there is to say is said by `close`.
    stream.on('error', () => undefined);
    limitPauses(stream, this.#bounds.pauseMs);
    const { read, pipeline, onRefused } = this.#options;
    const { pauseMs, bodyBytes } = this.#bounds;
    const reply = new StreamReply(stream, (body) => {
      endTrickle(body, stream, { windowMs: pauseMs, leastBytes: bodyBytes });
    });
    const head = messageHeadOf({ fields, isWhole: stream.endAfterHeaders }, peer);
    const result = 'kind' in head ? head : (expectationOf(stream, head) ?? read(head));
    if (result.kind === 'refused') {
      onRefused(result);
      give(reply, refusalAnswer(result));
      return;
    }
    const own = ownAnswer(result);
    if (own !== undefined) give(reply, own);
    if (own !== undefined || result.kind !== 'request') return;
    try {
      pipeline(result.request, reply)?.catch((error: unknown) => {
        this.#crash(stream, reply, error);
      });
    } catch (error) {
      this.#crash(stream, reply, error);
    }
  }

  /** A broken promise of ours: the request ends, the process lives. */
  #crash(stream: ServerHttp2Stream, reply: StreamReply, error: unknown): void {
    this.#options.onError(error);
    if (stream.headersSent) {
      reply.abort();
      return;
    }
    give(reply, crashAnswer());
  }
}

function give(reply: StreamReply, { status, fields, text }: Answer): void {
  reply.head(status, fields);
  reply.end(Buffer.from(text));
}

/** RFC 9110 §10.1.1: 100-continue is answered, another expectation refused. */
function expectationOf(stream: ServerHttp2Stream, { rawHeaders }: MessageHead): Refusal | undefined {
  const at = rawHeaders.findIndex((name, index) => index % 2 === 0 && name === 'expect');
  if (at === -1) return undefined;
  if (rawHeaders[at + 1]?.toLowerCase() !== '100-continue')
    return { kind: 'refused', status: 417, detail: 'expectation' };
  if (!stream.endAfterHeaders) stream.additionalHeaders({ ':status': 100 });
  return undefined;
}

/** Ends a stream on which less comes of the request's body than should. */
function endTrickle(body: RequestBody, stream: ServerHttp2Stream, { windowMs, leastBytes }: Trickle): void {
  let [sinceMs, bytes] = [systemClock.monotonicMs(), 0];
  body.on('progress', (chunk: Buffer) => {
    const nowMs = systemClock.monotonicMs();
    bytes += chunk.length;
    if (nowMs - sinceMs < windowMs) return;
    if (bytes < leastBytes) stream.destroy(new Error('the client is slow'));
    [sinceMs, bytes] = [nowMs, 0];
  });
}

type Trickle = { readonly windowMs: number; readonly leastBytes: number };

/** Ends a stream whose client is silent, unless it waits for its answer. */
function limitPauses(stream: ServerHttp2Stream, pauseMs: number): void {
  stream.setTimeout(pauseMs, () => {
    const isWaiting = hasAllOf(stream) && stream.writableLength === 0 && !stream.writableEnded;
    if (isWaiting) stream.setTimeout(pauseMs);
    else stream.destroy(new Error('the client is silent'));
  });
}
