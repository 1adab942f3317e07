/**
 * A real redis-server for a test: on a free port, in a directory of its own, gone when the test is over, or emptied for the
 * next test of the process.
 *
 * SHELFLIFE_TEST_REDIS names another program that takes redis-server's options, such as a valkey-server.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
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
  /** Of the start, when another test may use it afterwards. */
  #settings: string | undefined;

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
    const end = (): void => {
      started.kill('SIGKILL');
      rmSync(this.#directory, { recursive: true, force: true });
    };
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

  /** Starts it, or takes it as the test before has left it. */
  async take(): Promise<void> {
    if (this.#process === undefined) await this.start();
    this.#process?.ref();
    this.#settings ??= await settingsOf(this.client);
  }

  /** Empties it for the next test. False when it has been ended meanwhile, or is set otherwise than at its start. */
  async empty(): Promise<boolean> {
    this.#disconnect();
    this.thaw();
    if (this.#settings === undefined || this.#process?.exitCode !== null) return false;
    await this.client.call('CLIENT', 'KILL', 'SKIPME', 'yes');
    await this.client.flushall();
    await this.client.script('FLUSH');
    await this.client.call('FUNCTION', 'FLUSH');
    await this.client.call('CONFIG', 'RESETSTAT');
    await this.client.call('ACL', 'LOG', 'RESET');
    for (const file of await readdir(this.#directory)) await rm(join(this.#directory, file));
    const settings = await settingsOf(this.client);
    this.#disconnect();
    if (settings !== this.#settings) return false;
    // A spare one does not keep the tests' process alive; one that is waited for must.
    this.#process.unref();
    return true;
  }

  #disconnect(): void {
    this.#client?.disconnect();
    this.#client = undefined;
  }

  /** Ends the process as a crash would. */
  async kill(): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    this.#settings = undefined;
    if (running?.exitCode !== null || running.signalCode !== null) return;
    const gone = once(running, 'exit');
    running.ref();
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
    this.#disconnect();
    await this.kill();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** A server for this test alone. `options` are redis-server's own; one that has some ends with the test. */
export async function redisServer(t: Test, ...options: string[]): Promise<RedisServer> {
  if (options.length > 0) {
    const server = await stoppedRedisServer(t, ...options);
    await server.start();
    return server;
  }
  const server = spares.pop() ?? (await newServer([]));
  t.teardown(async () => {
    if (await server.empty().catch(() => false)) spares.push(server);
    else await server.close();
  });
  await server.take();
  return server;
}

/** The same, not started yet; it ends with the test. */
export async function stoppedRedisServer(t: Test, ...options: string[]): Promise<RedisServer> {
  const server = await newServer(options);
  t.teardown(() => server.close());
  return server;
}

const newServer = async (options: readonly string[]): Promise<RedisServer> =>
  new RedisServer(await freePort(), await mkdtemp(join(tmpdir(), 'shelflife-redis-')), options);

/** Servers without options that run and are empty: to start one costs more than most tests do with it. */
const spares: RedisServer[] = [];

/** What a test could set that stays. */
const settingsOf = async (client: Redis): Promise<string> =>
  JSON.stringify([await client.config('GET', '*'), await client.call('ACL', 'LIST')]);

/** A port nobody listens on at the moment. No connection gets it meanwhile: the system gives them ports from 32768 on. */
export async function freePort(): Promise<number> {
  const port = randomInt(10_000, 32_000);
  const server = createServer().listen(port, '127.0.0.1');
  const isFree = await once(server, 'listening').then(
    () => true,
    () => false,
  );
  if (!isFree) return freePort();
  server.close();
  await once(server, 'close');
  return port;
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
