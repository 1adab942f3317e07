/** Takes up a path as a Unix socket. What a process that has ended left there is removed; nothing else is. */

import { once } from 'node:events';
import { lstat, unlink } from 'node:fs/promises';
import { connect, type Server } from 'node:net';

/** Listens. Its mode follows the umask; Node removes the socket when the server closes. */
export async function bindUnix(path: string, server: Server): Promise<void> {
  if (await isLeftOver(path)) await unlink(path);
  server.listen(path);
  await once(server, 'listening');
}

async function isLeftOver(path: string): Promise<boolean> {
  const file = await lstat(path).catch(() => undefined);
  if (file?.isSocket() !== true) return false;
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
  } finally {
    socket.destroy();
  }
}
