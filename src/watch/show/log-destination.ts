/**
 * Writes log lines to stdout (with an access log in combined format, to stderr beside it) without ever blocking, and decides what they say of an error.
 *
 * Promises: a slow reader costs lines, not requests: beyond a bound they are dropped. A reader that is gone or never reads
 * costs all further lines and nothing else; the process still ends. Of an error, only its type, message, code and stack are
 * logged: libraries attach keys and values to theirs (DESIGN §3.12).
 */

import { fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import { ecsFormat } from '@elastic/ecs-pino-format';
import pino from 'pino';
import type { LogSettings } from '../../config/schema/log-config.ts';

/** How many bytes may wait for a slow reader. */
const mostWaiting = 4 * 1024 * 1024;

const [stdout, stderr] = [1, 2];

/** Opens the log. */
export function openLog({ level, format }: Pick<LogSettings, 'level' | 'format'>): pino.Logger {
  const serializers = { err: errorFacts };
  const lines = openLogDestination(format === 'combined' ? stderr : stdout);
  return pino(format === 'ecs' ? { ...ecsOptions(), level } : { level, serializers }, lines);
}

/** Elastic's names for what every line has; what else a line of ours says is below `shelflife`. */
export function ecsOptions(): pino.LoggerOptions {
  const options = ecsFormat({ apmIntegration: false, serviceName: 'shelflife' });
  const { log } = options.formatters ?? {};
  const formatted = (line: Record<string, unknown>): Record<string, unknown> => {
    if ('event' in line) return line;
    const { err, ...own } = line;
    return { ...log?.(err === undefined ? {} : { err }), shelflife: own };
  };
  return { ...options, formatters: { ...options.formatters, log: formatted } };
}

/** The logged form of an error. */
export function errorFacts(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack } = error;
  return { type: name, message, code: 'code' in error ? error.code : undefined, stack };
}

/** Opens stdout, or another descriptor, for lines. */
export function openLogDestination(fd: number = stdout): pino.DestinationStream {
  // Files and terminals accept every write. A write to a full pipe would block its thread and the end of the process, so
  // pipes are written to as sockets, which report that they are full.
  return isPipeOrSocket(fd)
    ? socketDestination(new Socket({ fd, readable: false, writable: true }))
    : pino.destination(fd);
}

function isPipeOrSocket(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    return stat.isFIFO() || stat.isSocket();
  } catch {
    // Without it, pino discards the lines.
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
