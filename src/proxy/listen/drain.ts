/**
 * How the public listener is left: no new connection, and an answer for whoever is connected.
 *
 * Promises: a request that was sent before its connection was closed is answered; all is over within ten seconds (CONTRACT §5).
 */

import type { Server as HttpServer, ServerResponse } from 'node:http';
import type { Server, Socket } from 'node:net';
import type { Door } from '../../front/entrance.ts';
import type { H2Server } from '../h2/h2-server.ts';
import type { Lane } from './lane.ts';
import { type BoundPath, leaving } from './bind-unix.ts';
import { lastLetIn } from './last-let-in.ts';

/** How long after a stop a connection that is idle may still bring a request, and a tunnel be silent. */
const lingerMs = 400;
/** How long answers under way may take after that, before their connections are cut. */
const longestDrainMs = 8000;

export type Draining = {
  readonly listeners: readonly Server[];
  readonly http: HttpServer;
  readonly lane: Lane | undefined;
  readonly h2: Pick<H2Server, 'leave' | 'closeIdle'> | undefined;
  readonly entrance: Pick<Door, 'closeIdle'> | undefined;
  /** Where a listener is on a Unix socket. */
  readonly bound?: BoundPath | undefined;
  readonly sockets: ReadonlySet<Socket>;
  /** Those that have left HTTP. */
  readonly upgraded: ReadonlySet<Socket>;
};

/** Stops accepting, and resolves when every answer under way has been given and every connection has ended. */
export async function drain({
  listeners,
  http,
  lane,
  h2,
  entrance,
  sockets,
  upgraded,
  bound,
}: Draining): Promise<void> {
  tellToLeave(http);
  lane?.leave();
  h2?.leave();
  await Promise.all(listeners.map(lastLetIn));
  const close = (): Promise<void>[] => listeners.map(closeListener);
  const closing = bound === undefined ? close() : leaving(bound, close);
  const closed = Promise.all([...closing, ...[...sockets].map(closeOf)]);
  // Idle connections stay a little: what has been sent on them may not be read yet.
  await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, lingerMs))]);
  const sweep = setInterval(() => {
    http.closeIdleConnections();
    lane?.closeIdle();
    h2?.closeIdle();
    entrance?.closeIdle();
  }, 20);
  const cut = setTimeout(() => {
    for (const socket of sockets) socket.destroy();
  }, longestDrainMs);
  for (const socket of upgraded) socket.setTimeout(lingerMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(cut);
  http.close();
}

/** RFC 9112 §9.6: answers from here on carry `Connection: close`, so that clients do not send more on their connections. */
function tellToLeave(server: HttpServer): void {
  server.prependListener('request', (_message, response: ServerResponse) => {
    response.shouldKeepAlive = false;
  });
}

/** A listener that another process listens for does not know its connections. */
const closeOf = (socket: Socket): Promise<unknown> => new Promise((resolve) => socket.once('close', resolve));

function closeListener(listener: Server): Promise<void> {
  return new Promise((resolve) => {
    listener.close(() => {
      resolve();
    });
  });
}
