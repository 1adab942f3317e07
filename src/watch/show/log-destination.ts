/**
 * Where log lines go: stdout, without ever waiting for it; and what of an error gets into them.
 *
 * Promises: a reader that is slow costs lines, not requests: beyond a bound they are dropped; one that has gone away, or
 * never reads, costs all further lines and nothing else, the end of the process included. Of an error only what it is and
 * where: others hang on what they had in hand, keys and values included (DESIGN §3.12).
 */

import { fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import pino from 'pino';

/** So many bytes may wait for a slow reader. */
const mostWaiting = 4 * 1024 * 1024;

/** Opens the log of a level. */
export const openLog = (level: string): pino.Logger =>
  pino({ level, serializers: { err: errorFacts } }, openLogDestination());

/** What a line says of an error. */
export function errorFacts(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack } = error;
  return { type: name, message, code: 'code' in error ? error.code : undefined, stack };
}

/** Opens stdout for a logger. */
export function openLogDestination(): pino.DestinationStream {
  // A file or a terminal takes what it is given. A write to a full pipe would block its thread, and with it the end of
  // the process, whoever does it: so pipes are written to as sockets are, which say that they are full.
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
    // There is no stdout; pino copes with that.
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
