/**
 * Takes up a path as a Unix socket, and leaves it. What a process that has ended left there is removed, and our own socket;
 * nothing else is.
 */

import { once } from 'node:events';
import { lstatSync, renameSync } from 'node:fs';
import { access, lstat, unlink } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { dirname } from 'node:path';

/** A socket of ours, which may have been replaced at its path. */
export type BoundPath = { readonly path: string; readonly inode: bigint | undefined };

/** Listens by `listen`. The socket's mode follows the umask; libuv removes what is at the path when the server closes (`leaving`). */
export async function bindUnix(path: string, listen: () => Promise<unknown>): Promise<BoundPath> {
  // libuv would say EACCES of a folder that does not exist.
  await access(dirname(path));
  if (await isLeftOver(path)) await unlink(path);
  await listen();
  return { path, inode: inodeAt(path) };
}

/** Listens with a server of node:net. */
export const listenAt = (path: string, server: Server) => async (): Promise<void> => {
  server.listen(path);
  await once(server, 'listening');
};

/** Calls `close`, which closes the server, and keeps what another process has put at the path meanwhile. */
export function leaving<T>({ path, inode }: BoundPath, close: () => T): T {
  const found = inodeAt(path);
  if (found === undefined || found === inode) return close();
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    // Who may not rename it may not remove it either.
    return close();
  }
  try {
    return close();
  } finally {
    renameSync(aside, path);
  }
}

const inodeAt = (path: string): bigint | undefined =>
  lstatSync(path, { bigint: true, throwIfNoEntry: false })?.ino;

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
