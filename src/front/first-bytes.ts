/** Reads as much of a connection as it takes to tell what it is, and gives back what follows. */

import type { Socket } from 'node:net';

export type FirstBytes<T> = {
  /** What the bytes so far are, and how many of them belong to that; `undefined` as long as nobody can tell. */
  readonly read: (bytes: Buffer) => { readonly value: T; readonly length: number } | undefined;
  /** The connection is paused by now. */
  readonly onRead: (value: T) => void;
  readonly onTimeout?: () => void;
  readonly silenceMs: number;
};

/** Reads; a client that takes longer than `silenceMs` is cut off. */
export function readFirst<T>(socket: Socket, { read, onRead, onTimeout, silenceMs }: FirstBytes<T>): void {
  let seen: Buffer = Buffer.alloc(0);
  const over = (): void => {
    clearTimeout(timer);
    socket.off('data', look).off('close', leave).off('end', leave);
  };
  const leave = (): void => {
    over();
    socket.destroy();
  };
  const look = (chunk: Buffer): void => {
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    const found = read(seen);
    if (found === undefined) return;
    over();
    socket.pause();
    if (found.length < seen.length) socket.unshift(seen.subarray(found.length));
    onRead(found.value);
  };
  const timer = setTimeout(() => {
    leave();
    onTimeout?.();
  }, silenceMs);
  socket.on('error', () => socket.destroy());
  socket.once('close', leave).once('end', leave).on('data', look).resume();
}
