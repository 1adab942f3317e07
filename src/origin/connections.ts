/**
 * What a connection that breaks was worth. Has it ever brought anything back? One that has, and is closed when it is used
 * again, was closed for having been idle; one that has not tells that whoever is there does not answer.
 *
 * Promise: a body that ends with its connection is whole only if the connection ended, not if it broke (RFC 9112 §8).
 */

import { type buildConnector, Pool } from 'undici';
import type { Connect } from './connect.ts';

/** Errors of connections that never brought anything back. */
const ofSilent = new WeakSet<Error>();

/** Makes a pool of connections. */
export function openPool(connect: Connect, options: Pool.Options): Pool {
  // TLS is made by `connect`: undici would take its name from Host, and drop a connection when the next Host is another.
  return new Pool('http://origin', { ...options, connect: connectorOf(connect) });
}

/** Connects for undici, and marks the errors that break connections. */
function connectorOf(connect: Connect): buildConnector.connector {
  return (_options, callback) => {
    connect((...result) => {
      const [, socket] = result;
      socket?.on('error', (error: NodeJS.ErrnoException) => {
        if (socket.bytesRead === 0) ofSilent.add(error);
        // By this code undici takes a reset for the end of such a body; it listens after us.
        if (error.code === 'ECONNRESET') error.code = 'UND_ERR_SOCKET';
      });
      callback(...result);
    });
  };
}

/** Whether an error that ended an exchange came over a connection that had brought something back before. */
export function cameOverUsed(error: unknown): boolean {
  if (!(error instanceof Error) || ofSilent.has(error)) return false;
  // undici's own errors say it themselves.
  const { socket } = error as { socket?: { bytesRead?: number } | null };
  return socket?.bytesRead !== 0;
}
