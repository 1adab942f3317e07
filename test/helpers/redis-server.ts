/**
 * A real redis-server for a test: on a free port, in a directory of its own, gone when the test is over.
 *
 * SHELFLIFE_TEST_REDIS names another program that takes redis-server's options, such as a valkey-server.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Test } from 'tap';

const programName = (): string =>
  process.env['SHELFLIFE_TEST_REDIS'] ?? inPath('redis-server') ?? inPath('valkey-server') ?? 'redis-server';

/** Where the set-up puts Valkey on systems whose packages have none (scripts/setup/valkey.mjs). */
const unpacked = join(
  import.meta.dirname,
  '..',
  '..',
  'node_modules',
  '.cache',
  'valkey',
  'usr',
  'bin',
  'valkey-server',
);

/** From now on servers are Valkey's: the system's, or the one the set-up has brought. Throws when there is none. */
export function takeValkey(): void {
  const program = inPath('valkey-server') ?? unpacked;
  if (!existsSync(program)) throw new Error('valkey-server is missing; `npm test` says how to get it');
  process.env['SHELFLIFE_TEST_REDIS'] = program;
}

const inPath = (program: string): string | undefined =>
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, program))
    .find((path) => existsSync(path));

/** One server, over any number of its processes: it keeps its port and its directory. */
export class RedisServer {
  readonly port: number;
  readonly #directory: string;
  readonly #arguments: readonly string[];
  #process: ChildProcess | undefined;
  #client: Redis | undefined;

  constructor(port: number, directory: string, options: readonly string[]) {
    this.port = port;
    this.#directory = directory;
    this.#arguments = options;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}/0`;
  }

  /** The value of an option it was made with. */
  option(name: string): string {
    return this.#arguments[this.#arguments.indexOf(name) + 1] ?? '';
  }

  /** A connection to look and to meddle by. */
  get client(): Redis {
    this.#client ??= quietClient(this.port);
    return this.#client;
  }

  async start(...more: string[]): Promise<void> {
    const place = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.#directory];
    const all = [...(await this.#kind()), ...place, '--loglevel', 'warning', ...this.#arguments, ...more];
    const started = spawn(programName(), all, { stdio: 'ignore' });
    // A program that is not there is an error here.
    await once(started, 'spawn');
    this.#process = started;
    // Also when the test ends without its teardown.
    const end = (): boolean => started.kill('SIGKILL');
    process.once('exit', end);
    started.once('exit', () => process.off('exit', end));
    await answers(this.port, started);
  }

  /** A Sentinel writes what it knows into its configuration, so it must have one. */
  async #kind(): Promise<readonly string[]> {
    if (!this.#arguments.includes('--sentinel'))
      return ['--save', '', '--appendonly', 'no', '--repl-diskless-sync-delay', '0'];
    const file = join(this.#directory, 'sentinel.conf');
    await writeFile(file, '', { flag: 'a' });
    return [file];
  }

  /** Ends the process as a crash would. */
  async kill(): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    if (running?.exitCode !== null || running.signalCode !== null) return;
    const gone = once(running, 'exit');
    running.kill('SIGCONT');
    running.kill('SIGKILL');
    await gone;
  }

  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  async close(): Promise<void> {
    this.#client?.disconnect();
    await this.kill();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** Starts a server that ends with the test. `options` are redis-server's own. */
export async function redisServer(t: Test, ...options: string[]): Promise<RedisServer> {
  const server = await stoppedRedisServer(t, ...options);
  await server.start();
  return server;
}

/** The same, not started yet. */
export async function stoppedRedisServer(t: Test, ...options: string[]): Promise<RedisServer> {
  const directory = await mkdtemp(join(tmpdir(), 'shelflife-redis-'));
  const server = new RedisServer(await freePort(), directory, options);
  t.teardown(() => server.close());
  return server;
}

/** A port nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

export function quietClient(port: number): Redis {
  const client = new Redis({ host: '127.0.0.1', port, retryStrategy: () => 50, maxRetriesPerRequest: 100 });
  client.on('error', () => undefined);
  return client;
}

/** Waits for the process: nothing tells when it listens but that it answers. */
async function answers(port: number, started: ChildProcess): Promise<void> {
  const client = new Redis({ host: '127.0.0.1', port, retryStrategy: () => 20, maxRetriesPerRequest: 1 });
  client.on('error', () => undefined);
  try {
    for (let attempt = 0; attempt < 200; attempt += 1) {
      const answer = await client
        .ping()
        .catch((error: unknown) => (error instanceof Error ? error.message : ''));
      // A server that wants a password has answered, too.
      if (answer === 'PONG' || answer.includes('NOAUTH')) return;
      if (started.exitCode !== null) break;
      await delay(20);
    }
    throw new Error(`${programName()} does not answer on port ${port}`);
  } finally {
    client.disconnect();
  }
}
