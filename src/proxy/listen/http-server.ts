/**
 * The public listener: node:http with its limits, every request read strictly, then the pipeline.
 *
 * Promises: nothing malformed gets beyond this file, nor what follows it on the same connection; a client that neither
 * sends nor takes what it should is cut off; no answer of ours names an address; the requests of one connection are carried out
 * one after the other.
 */

import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { systemClock } from '../../kit/time.ts';
import type { MessageHead, ReadResult, Refusal } from '../exchange/client-request.ts';
import { crashAnswer, ownAnswer } from '../h2/answer-here.ts';
import type { Forwarded } from '../pass/pass.ts';
import type { Pipeline } from '../pipeline.ts';
import { endConnection, type Ending, endingOf, endings, type ParseError, refuse } from './refuse.ts';
import { NodeReply, type Upgrade } from '../exchange/reply.ts';
import { keepAliveMs, type Limits, limits } from './limits.ts';
import { lingerBounds, lingeringResponse } from '../exchange/linger.ts';
import { SlowBodies } from './slow-bodies.ts';
import { asksForTunnel, takeUp } from '../tunnel/asking-client.ts';

export type HttpServerOptions = {
  readonly read: (head: MessageHead) => ReadResult;
  readonly pipeline: Pipeline;
  /** What is answered before anybody looks what it is. */
  readonly onRefused: (refusal: Pick<Refusal, 'detail'> | Ending) => void;
  readonly onError: (error: unknown) => void;
  readonly limits?: Limits;
};

/** Requests may be pipelined: the last one counts. */
type Connection = {
  readonly response: ServerResponse;
  isClosing: boolean;
  /** It waits for the answer before it. */
  isQueued: boolean;
  /** In place of its answer: its body cannot be read. */
  refuseInTurn?: () => void;
  /** Since when requests have been coming behind an answer that is not taken, in monotonic milliseconds. */
  readonly stuckSince: number | undefined;
};
type Connections = WeakMap<Duplex, Connection>;
type Watching = HttpServerOptions & { readonly bodies: SlowBodies };

/** Makes the server. `forward` is given what is to go through @fastify/http-proxy. */
export function createHttpServer(
  options: HttpServerOptions,
  forward: (raw: Raw, forwarded: Forwarded) => void,
): Server {
  const bounds = options.limits ?? limits;
  const connections: Connections = new WeakMap();
  const bodies = new SlowBodies({ windowMs: bounds.bodyPauseMs, leastBytes: 1024 });
  const watching: Watching = { ...options, bodies };
  const server = createServer(nodeOptions(bounds, connections), (message, response) => {
    const before = connections.get(message.socket);
    const connection = admit({ message, response }, connections, bounds);
    if (connection === undefined) return;
    const toProxy = forward.bind(undefined, { message, response });
    inTurn(before, connection, () => handle(watching, { message, response }, toProxy));
  });
  // node:http would drop what exceeds a count without a word; here the reader counts, and the size is bounded anyway.
  server.maxHeadersCount = 0;
  server.on('clientError', (error, socket) => {
    refuseUnparsed(error, socket, { connections, onRefused: options.onRefused, bounds });
  });
  server.on('checkExpectation', (message: IncomingMessage, response: ServerResponse) => {
    const connection = admit({ message, response }, connections, bounds);
    if (connection === undefined) return;
    // RFC 9110 §10.1.1: none but 100-continue is known here.
    const refusal: Refusal = { kind: 'refused', status: 417, detail: 'expectation' };
    options.onRefused(refusal);
    refuse(response, refusal);
    connection.isClosing = true;
  });
  server.on('connect', (_message, socket) => {
    // node:http has let go of the socket: an error that nobody hears would end the process.
    socket.on('error', () => socket.destroy());
    if (!isIdle(connections.get(socket))) socket.destroy();
    else {
      options.onRefused(endings.method);
      endConnection(socket, endings.method, bounds.linger ?? lingerBounds);
    }
  });
  server.on('upgrade', (message, socket: Socket, head) => {
    // node:http has let go of the socket: an error that nobody hears would end the process.
    socket.on('error', () => socket.destroy());
    const asking = takeUp({ message, socket, head }, bounds.bodyPauseMs);
    handle(watching, { message, ...asking }, (forwarded) => {
      forward({ message, response: asking.response }, forwarded);
    });
  });
  cutOffTheSlow(server, { connections, bodies, bounds });
  return server;
}

function nodeOptions(
  { maxHeaderSize, headersTimeout, checkEveryMs, linger = lingerBounds }: Limits,
  connections: Connections,
): ServerOptions {
  return {
    ServerResponse: lingeringResponse(linger),
    maxHeaderSize,
    headersTimeout,
    requestTimeout: 0,
    connectionsCheckingInterval: checkEveryMs,
    keepAliveTimeout: keepAliveMs,
    insecureHTTPParser: false,
    // A missing Host is refused by the reader, with an answer of ours.
    requireHostHeader: false,
    // None takes over a connection on which an answer is under way, or that is closing.
    shouldUpgradeCallback: (message) => asksForTunnel(message) && isIdle(connections.get(message.socket)),
  };
}

/** `undefined`: the request is not even answered. */
function admit(
  { message: { socket }, response }: Raw,
  connections: Connections,
  { bodyPauseMs }: Limits,
): Connection | undefined {
  const before = connections.get(socket);
  // RFC 9112 §9.6: after an answer with `close` no further request is processed.
  if (before?.isClosing === true) return undefined;
  const stuckSince = before === undefined ? undefined : stuckSinceOf(before, socket);
  // Else a client that sends more would never reach the limit on silence.
  if (stuckSince !== undefined && monotonicMs() - stuckSince > bodyPauseMs) {
    socket.destroy();
    return undefined;
  }
  const connection: Connection = { response, isClosing: false, isQueued: false, stuckSince };
  connections.set(socket, connection);
  return connection;
}

/**
 * RFC 9112 §9.3.2: what came behind a write is carried out when that has been answered; nothing is behind the last answer. `run`
 * gives whether the request was refused.
 */
function inTurn(before: Connection | undefined, own: Connection, run: () => boolean): void {
  const { response } = own;
  const runNow = (): void => {
    own.isQueued = false;
    if (run() || !response.shouldKeepAlive) own.isClosing = true;
  };
  own.isClosing = !response.shouldKeepAlive;
  own.isQueued = before !== undefined && !before.response.writableFinished;
  if (!own.isQueued) runNow();
  else
    before?.response.once('finish', () => {
      if (!before.isClosing) (own.refuseInTurn ?? runNow)();
    });
}

type Watched = { readonly connections: Connections; readonly bodies: SlowBodies; readonly bounds: Limits };

function cutOffTheSlow(server: Server, { connections, bodies, bounds }: Watched): void {
  const { bodyPauseMs, checkEveryMs } = bounds;
  const checking = setInterval(() => {
    bodies.check(monotonicMs());
  }, checkEveryMs).unref();
  server.once('close', () => {
    clearInterval(checking);
  });
  server.setTimeout(bodyPauseMs, (socket) => {
    if (isWaiting(connections.get(socket), socket)) socket.setTimeout(bodyPauseMs);
    else socket.destroy();
  });
}

const isIdle = (connection: Connection | undefined): boolean =>
  connection === undefined || (!connection.isClosing && connection.response.writableFinished);

const monotonicMs = (): number => systemClock.monotonicMs();

function stuckSinceOf({ response, stuckSince }: Connection, socket: Socket): number | undefined {
  if (response.writableFinished || socket.writableLength === 0) return undefined;
  return stuckSince ?? monotonicMs();
}

/** Whether a connection is silent for want of an answer, and not because its client is slow or done. */
function isWaiting(connection: Connection | undefined, socket: Socket): boolean {
  if (connection === undefined) return false;
  const { response } = connection;
  if (response.writableFinished || socket.writableLength > 0) return false;
  return connection.isQueued || response.req.complete;
}

export type Raw = { readonly message: IncomingMessage; readonly response: ServerResponse };
type Received = Raw & { readonly upgrade?: Upgrade };

/** Answers a request, or sees to it. Gives whether it was refused. */
function handle(
  options: Watching,
  { message, response, upgrade }: Received,
  toProxy: (forwarded: Forwarded) => void,
): boolean {
  const result = options.read(message);
  if (result.kind === 'refused') {
    options.onRefused(result);
    refuse(response, result);
    return true;
  }
  const own = ownAnswer(result);
  if (own !== undefined) response.writeHead(own.status, own.fields).end();
  if (own !== undefined || result.kind !== 'request') return false;
  if (result.request.hasBody) options.bodies.watch(message, monotonicMs());
  const reply = new NodeReply(response, upgrade);
  try {
    options.pipeline(result.request, reply, toProxy)?.catch((error: unknown) => {
      crash(options, response, error);
    });
  } catch (error) {
    crash(options, response, error);
  }
  return false;
}

/** A broken promise of ours: the request ends, the process lives. */
export function crash(
  options: Pick<HttpServerOptions, 'onError'>,
  response: ServerResponse,
  error: unknown,
): void {
  options.onError(error);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { status, fields, text } = crashAnswer();
  response.writeHead(status, fields);
  response.end(text);
}

/** Behind the answers to what came before it on the connection. */
function refuseUnparsed(error: ParseError, socket: Duplex, { connections, onRefused, bounds }: Unread): void {
  const endWith = (isAnswering: boolean): void => {
    // A head that is late from a client that takes nothing either.
    const isStuck = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && socket.writableLength > 0;
    if (!socket.writable || isAnswering || isStuck || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const refusal = endingOf(error);
    // Browsers connect ahead of what they never ask: a head that does not come is no request.
    if (refusal.detail !== 'request-timeout') onRefused(refusal);
    endConnection(socket, refusal, bounds.linger ?? lingerBounds);
  };
  const connection = connections.get(socket);
  const response = connection?.response;
  if (connection?.isQueued === true && response?.req.complete === false) {
    connection.refuseInTurn ??= () => {
      endWith(false);
    };
  } else if (connection === undefined || response?.req.complete !== true || response.writableFinished) {
    // Within a request's own body its answer may have begun: these bytes would be part of that.
    const isAnswering = response?.headersSent === true && !response.writableFinished;
    endWith(isAnswering);
  } else if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    socket.destroy();
  } else if (!connection.isClosing) {
    response.once('finish', () => {
      endWith(false);
    });
  }
  // Otherwise the answer under way is the connection's last.
  if (connection !== undefined) connection.isClosing = true;
}

type Unread = {
  readonly connections: Connections;
  readonly onRefused: HttpServerOptions['onRefused'];
  readonly bounds: Limits;
};
