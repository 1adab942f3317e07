/**
 * Two connections become one: every byte of either goes to the other, as it is.
 *
 * Promises: the faster side waits for the slower one; the end of one direction is passed on and leaves the other direction
 * open; a connection that breaks breaks the other; a silence of `idleMs` in both directions ends both.
 */

import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** Most applications send something every minute; TCP's keep-alive finds peers that are gone. */
const longestSilenceMs = 3_600_000;
const probeAfterMs = 60_000;

/** Joins the two. Resetting the client's timeout (`setTimeout`) changes how long both may be silent. */
export function join(client: Socket, origin: Duplex, idleMs = longestSilenceMs): void {
  // RFC 6455 knows no half-close, but other protocols do, and it costs nothing.
  origin.allowHalfOpen = true;
  client.setNoDelay(true);
  client.setKeepAlive(true, probeAfterMs);
  // Whatever passes in either direction passes through the client's connection.
  client.setTimeout(idleMs, () => client.destroy());
  carry(client, origin);
  carry(origin, client);
}

function carry(from: Duplex, to: Duplex): void {
  if (from.destroyed) {
    to.destroy();
    return;
  }
  from.on('error', () => to.destroy());
  from.once('close', () => {
    const isOver = from.readableEnded && from.writableFinished;
    if (!isOver) to.destroy();
  });
  from.pipe(to);
}
