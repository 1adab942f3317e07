/**
 * How a connection ends whose client may still be sending (RFC 9112 §9.6): at once it would be reset, and a client that
 * writes first and reads later would lose its answer. Our side is closed behind the answer; what comes is dropped, within
 * bounds.
 */

import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

export type LingerBounds = { readonly ms: number; readonly bytes: number };

/** An upload that ends is a matter of seconds; whatever stops it costs no more than its bytes on the wire. */
export const lingerBounds: LingerBounds = { ms: 10_000, bytes: 256 * 1024 ** 2 };

/** Closes our side of a connection, and the rest of it later. Nothing that comes is taken for a request any more. */
export function linger(socket: Duplex, { ms, bytes }: LingerBounds): void {
  socket.end();
  // The parser's: after them node:http has no part in what comes.
  socket.removeAllListeners('data').removeAllListeners('end');
  let left = bytes;
  socket.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) socket.destroy();
  });
  const timer = setTimeout(() => socket.destroy(), ms);
  socket.once('end', () => {
    if (socket.writableFinished) socket.destroy();
    else socket.once('finish', () => socket.destroy());
  });
  socket.once('close', () => {
    clearTimeout(timer);
  });
  socket.resume();
}

/** Responses that are given while their request's body is coming: the last on their connection, which then lingers. */
export function lingeringResponse(bounds: LingerBounds): typeof ServerResponse {
  return class LingeringResponse<Request extends IncomingMessage> extends ServerResponse<Request> {
    override writeHead(...head: readonly unknown[]): this {
      if (isComing(this.req)) this.shouldKeepAlive = false;
      return super.writeHead(...(head as Parameters<ServerResponse['writeHead']>));
    }

    /** node:http lets go of the connection here, and destroys it then if the response was the last. */
    override detachSocket(socket: Parameters<ServerResponse['detachSocket']>[0]): void {
      super.detachSocket(socket);
      const state = this as { _last?: boolean };
      if (state._last !== true || !isComing(this.req)) return;
      state._last = false;
      linger(socket, bounds);
    }
  };
}

/** While the head is handled a request without a body is not complete either. */
const isComing = ({ complete, headers }: IncomingMessage): boolean =>
  !complete && (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0);
