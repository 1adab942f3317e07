/**
 * A client that asks for another protocol, while the origin is asked (RFC 9110 §7.8).
 *
 * node:http has let go of the connection. It is given a response by hand, and the last one: unless the origin says 101, the
 * client gets an ordinary answer and the connection ends. Promises: nothing that the client sends behind its request is
 * taken for a request or reaches the origin before the 101; no more of it is kept than a stream buffers; a client that
 * leaves is noticed, and one that takes nothing is cut off.
 */

import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { linger, lingerBounds } from '../exchange/linger.ts';
import type { Upgrade } from '../exchange/reply.ts';

type LetGo = { readonly message: IncomingMessage; readonly socket: Socket; readonly head: Buffer };

type AskingClient = { readonly response: ServerResponse; readonly upgrade: Upgrade };

const lingerMs = 2000;

/**
 * Only WebSockets leave HTTP; any other Upgrade is ignored, as RFC 9110 §7.8 allows, and that of HTTP/1.0 must be. What
 * follows the head of a request with a body is not a tunnel's.
 */
export function asksForTunnel({ method, headers, httpVersionMinor }: IncomingMessage): boolean {
  return (
    method === 'GET' &&
    httpVersionMinor === 1 &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    headers['transfer-encoding'] === undefined &&
    (headers['content-length'] ?? '0') === '0' &&
    headers.expect === undefined
  );
}

/** Takes the connection up. `pauseMs`: how long an answer may go without any of it being taken. */
export function takeUp({ message, socket, head }: LetGo, pauseMs: number): AskingClient {
  if (head.length > 0) socket.unshift(head);
  const response = new ServerResponse(message);
  response.shouldKeepAlive = false;
  const listeners = {
    drain: () => response.emit('drain'),
    // Only who reads hears of the end; what is there stays for the tunnel.
    readable: () => {
      if (socket.readableLength === 0) socket.read();
    },
    end: () => socket.destroy(),
  };
  for (const [event, listener] of Object.entries(listeners)) socket.on(event, listener);
  response.assignSocket(socket);
  const stopWatching = cutOffWhenStuck(socket, pauseMs);
  response.once('finish', () => {
    socket.off('readable', listeners.readable);
    linger(socket, { ...lingerBounds, ms: lingerMs });
  });
  const accept: Upgrade['accept'] = (fields) => {
    for (const [event, listener] of Object.entries(listeners)) socket.off(event, listener);
    stopWatching();
    response.writeHead(101, fields);
    response.flushHeaders();
    response.detachSocket(socket);
    return socket;
  };
  return { response, upgrade: { protocol: message.headers.upgrade ?? '', accept } };
}

/** Ends a connection whose client takes nothing, whatever it sends meanwhile: that would keep the socket's own timeout off. */
function cutOffWhenStuck(socket: Socket, pauseMs: number): () => void {
  let takenBefore = 0;
  const check = setInterval(() => {
    const taken = socket.bytesWritten - socket.writableLength;
    if (socket.writableLength > 0 && taken === takenBefore) socket.destroy();
    takenBefore = taken;
  }, pauseMs);
  const stop = (): void => {
    clearInterval(check);
  };
  socket.once('close', stop);
  return stop;
}
