/** Tells HTTP/2 with prior knowledge from HTTP/1 on a plain connection (RFC 9113 §3.3). */

import type { Socket } from 'node:net';

/** RFC 9113 §3.4; HTTP/1 has no method PRI. */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** What the first bytes of a connection are: `undefined` as long as they may be either. */
export function isPreface(bytes: Buffer): boolean | undefined {
  const length = Math.min(bytes.length, preface.length);
  if (!bytes.subarray(0, length).equals(preface.subarray(0, length))) return false;
  return length === preface.length ? true : undefined;
}

/** Reads as much as it takes to tell, and gives it back; a client that is silent for `silenceMs` is cut off. */
export function sniffPreface(socket: Socket, silenceMs: number, onKnown: (isH2: boolean) => void): void {
  let seen = Buffer.alloc(0);
  const timer = setTimeout(() => socket.destroy(), silenceMs);
  const end = (): void => {
    clearTimeout(timer);
  };
  const look = (chunk: Buffer): void => {
    seen = Buffer.concat([seen, chunk]);
    const isH2 = isPreface(seen);
    if (isH2 === undefined) return;
    end();
    socket.off('data', look).off('close', end).off('end', leave).pause();
    socket.unshift(seen);
    onKnown(isH2);
  };
  const leave = (): void => void socket.destroy();
  socket.on('error', leave);
  socket.once('close', end).once('end', leave).on('data', look);
}
