/** Tells HTTP/2 with prior knowledge from HTTP/1 on a plain connection (RFC 9113 §3.3). */

import type { Socket } from 'node:net';
import { readFirst } from './first-bytes.ts';

/** RFC 9113 §3.4; HTTP/1 has no method PRI. */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** What the first bytes of a connection are: `undefined` as long as they may be either. */
function isPreface(bytes: Buffer): boolean | undefined {
  const length = Math.min(bytes.length, preface.length);
  if (!bytes.subarray(0, length).equals(preface.subarray(0, length))) return false;
  return length === preface.length ? true : undefined;
}

/** Tells, and leaves all bytes to whoever takes the connection; a client that is silent for `silenceMs` is cut off. */
export function sniffPreface(socket: Socket, silenceMs: number, onKnown: (isH2: boolean) => void): void {
  const read = (bytes: Buffer) => {
    const value = isPreface(bytes);
    return value === undefined ? undefined : { value, length: 0 };
  };
  readFirst(socket, { read, onRead: onKnown, silenceMs });
}
