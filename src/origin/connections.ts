/**
 * What a connection that breaks was worth. Has it ever brought anything back? One that has, and is closed when it is used
 * again, was closed for having been idle; one that has not tells that whoever is there does not answer.
 *
 * Promise: a body that ends with its connection is whole only if the connection ended, not if it broke (RFC 9112 §8).
 */

import { buildConnector } from 'undici';
import type { Seconds } from '../kit/time.ts';

/** Errors of connections that never brought anything back. */
const ofSilent = new WeakSet<Error>();

/** Connects, and marks the errors that break connections. */
export function openConnector(timeout: Seconds): buildConnector.connector {
  const connect = buildConnector({ timeout: timeout * 1000 });
  return (options, callback) => {
    connect(options, (...result) => {
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
