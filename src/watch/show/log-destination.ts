/**
 * Writes log lines to stdout without ever blocking, and decides what they say of an error.
 *
 * Promises: a slow reader costs lines, not requests: beyond a bound they are dropped. A reader that is gone or never reads
 * costs all further lines and nothing else; the process still ends. Of an error, only its type, message, code and stack are
 * logged: libraries attach keys and values to theirs (DESIGN §3.12).
 */

import { fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import pino from 'pino';

/** How many bytes may wait for a slow reader. */
const mostWaiting = 4 * 1024 * 1024;

/** Opens the log at a level. */
export const openLog = (level: string): pino.Logger =>
  pino({ level, serializers: { err: errorFacts } }, openLogDestination());

/** The logged form of an error. */
export function errorFacts(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack } = error;
  return { type: name, message, code: 'code' in error ? error.code : undefined, stack };
}

/** Opens stdout for a logger. */
export function openLogDestination(): pino.DestinationStream {
  // Files and terminals accept every write. A write to a full pipe would block its thread and the end of the process, so
  // pipes are written to as sockets, which report that they are full.
  const isPipe = isPipeOrSocket();
  return isPipe
    ? socketDestination(new Socket({ fd: 1, readable: false, writable: true }))
    : pino.destination(1);
}

function isPipeOrSocket(): boolean {
  try {
    const stat = fstatSync(1);
    return stat.isFIFO() || stat.isSocket();
  } catch {
    // Without stdout, pino discards the lines.
    return false;
  }
}

function socketDestination(socket: Socket): pino.DestinationStream {
  let isGone = false;
  socket.on('error', () => {
    isGone = true;
  });
  return {
    write: (line) => {
      if (!isGone && socket.writableLength < mostWaiting) socket.write(line);
    },
  };
}
