/** A server that is not ours, started from a configuration made here, in a folder of its own. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, isAbsolute, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** Where it listens, what it stands before, and a folder for what it keeps. */
export type RivalPlace = { readonly port: number; readonly originPort: number; readonly folder: string };

export type RivalKind = {
  readonly name: string;
  readonly command: string;
  /** How Debian installs it. */
  readonly install: string;
  readonly config: (place: RivalPlace) => string;
  readonly args: (configFile: string, place: RivalPlace) => readonly string[];
};

export type Rival = { readonly url: string; readonly pid: number; readonly stop: () => Promise<void> };

/** Starts it; `undefined`: it is not installed. */
export async function startRival(kind: RivalKind, originPort: number): Promise<Rival | undefined> {
  const command = commandOf(kind.command);
  if (command === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), `bench-${basename(kind.command)}-`));
  const place = { port: await freePort(), originPort, folder };
  const configFile = join(folder, 'config');
  writeFileSync(configFile, kind.config(place));
  const said = join(folder, 'stderr');
  const child = spawn(command, kind.args(configFile, place), {
    stdio: ['ignore', 'ignore', openSync(said, 'w')],
  });
  await once(child, 'spawn');
  for (let attempt = 0; attempt < 400 && !(await answers(place.port)); attempt += 1) {
    if (child.exitCode !== null) throw new Error(`${kind.name} has ended: ${readFileSync(said, 'utf8')}`);
    await wait(100);
  }
  return {
    url: `http://127.0.0.1:${place.port}`,
    pid: child.pid ?? 0,
    stop: async () => {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Servers lie in folders that a user's PATH may not have. An absolute path is the file itself. */
function commandOf(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'];
  const files = isAbsolute(name) ? [name] : folders.map((folder) => join(folder, name));
  return files.find((file) => spawnSync('test', ['-x', file]).status === 0);
}

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
