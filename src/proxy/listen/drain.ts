/**
 * How the public listener is left: no new connection, and an answer for whoever is connected.
 *
 * Promises: a request that was sent before its connection was closed is answered; all is over within ten seconds (CONTRACT §5).
 */

import type { Server, ServerResponse } from 'node:http';
import { Server as Listener, type Socket } from 'node:net';
import { lastLetIn } from './last-let-in.ts';

/** How long after a stop a connection that is idle may still bring a request, and a tunnel be silent. */
const lingerMs = 400;
/** How long answers under way may take after that, before their connections are cut. */
const longestDrainMs = 8000;

/**
 * Stops accepting, and resolves when every answer under way has been given. `upgraded`: connections that have left HTTP.
 * node:http closes connections that are idle when it stops; here those that become idle later as well.
 */
export async function drain(server: Server, upgraded: ReadonlySet<Socket>): Promise<void> {
  tellToLeave(server);
  await lastLetIn(server);
  await linger(server);
  const sweep = setInterval(() => {
    server.closeIdleConnections();
  }, 20);
  const cut = setTimeout(() => {
    server.closeAllConnections();
    for (const socket of upgraded) socket.destroy();
  }, longestDrainMs);
  for (const socket of upgraded) socket.setTimeout(lingerMs);
  await new Promise<void>((resolve) => {
    // At once: Fastify closes it only after its hooks.
    server.close(() => {
      clearInterval(sweep);
      clearTimeout(cut);
      resolve();
    });
  });
}

/** RFC 9112 §9.6: answers from here on carry `Connection: close`, so that clients do not send more on their connections. */
function tellToLeave(server: Server): void {
  server.prependListener('request', (_message, response: ServerResponse) => {
    response.shouldKeepAlive = false;
  });
}

/**
 * Closes the listener, but no connection; resolves when all have gone, or after `lingerMs`. node:http would close the idle
 * ones with it, and with them what has been sent on them and is not read yet.
 */
async function linger(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, lingerMs);
    Listener.prototype.close.call(server, () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
