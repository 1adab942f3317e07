/**
 * One of several workers: a process that serves, and has from its primary what they share. It does what the primary says,
 * and ends with it; signals are the primary's.
 */

import { type ChildProcess, fork } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Config } from '../config/config.ts';
import { type ReadConfigResult, withoutRestart } from '../control/reload.ts';
import type { RunningServer } from '../server.ts';
import { openLog } from '../watch/show/log-destination.ts';
import { configShare } from '../workers/config-share.ts';
import { Link } from '../workers/link.ts';
import type {
  Begin,
  Joined,
  PrimaryQuestions,
  ToPrimary,
  ToPrimaryLink,
  ToWorker,
  WorkerQuestions,
} from '../workers/messages.ts';
import { type Answerer, createWorkerAnswers, type WorkerAnswers } from '../workers/worker-answers.ts';
import { createWorkerParts, type WorkerParts } from '../workers/worker-parts.ts';
import { besideStoreBytes, collectBodies } from './collect-bodies.ts';
import { type ConfigSource, loadConfig, tellProblems } from './load-config.ts';
import { logErrors } from './log-errors.ts';
import type { Terminal } from './terminal.ts';

const variable = 'SHELFLIFE_WORKER';

/** Whether this process was started by `forkWorker`. */
export const isWorker = (): boolean => process.send !== undefined && process.env[variable] === '1';

/** Starts a worker: this very command, once more. */
export const forkWorker = (): ChildProcess =>
  fork(process.argv[1] ?? '', process.argv.slice(2), {
    serialization: 'advanced',
    env: { ...process.env, [variable]: '1' },
  });

/** The file that keeps the popular requests of a worker; the first has the one of a proxy without workers. */
export function popularFileOf(file: string | undefined, worker: number): string | undefined {
  const first = process.env['SHELFLIFE_POPULAR_FILE'] ?? (file && `${file}.popular.json`);
  return worker === 1 ? first : first && `${first}.${worker}`;
}

/** Serves until the primary ends it. */
export function serveAsWorker(terminal: Terminal, source: ConfigSource, skipWarmUp: boolean): void {
  const worker = new WorkerProcess(terminal, source, skipWarmUp);
  process.on('message', (batch, socket) => {
    worker.link.receive(batch, socket as Socket | undefined);
  });
  // Without the primary nobody would tell it of purges.
  process.on('disconnect', () => process.exit(1));
  // A service manager or a terminal sends them to all processes.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
}

class WorkerProcess {
  readonly link: ToPrimaryLink;
  readonly #terminal: Terminal;
  readonly #source: ConfigSource;
  readonly #skipWarmUp: boolean;
  readonly #answers: WorkerAnswers;
  readonly #joined = Promise.withResolvers<WorkerParts>();
  #begin: Begin | undefined;
  #parts: WorkerParts | undefined;
  #server: (Omit<RunningServer, 'reload'> & Answerer) | undefined;

  constructor(terminal: Terminal, source: ConfigSource, skipWarmUp: boolean) {
    this.#terminal = terminal;
    this.#source = source;
    this.#skipWarmUp = skipWarmUp;
    this.#answers = createWorkerAnswers(
      () => this.#running(),
      (message) => {
        this.link.send(message);
      },
    );
    this.link = new Link<ToPrimary, PrimaryQuestions, ToWorker, WorkerQuestions>({
      // An error is the channel's end, which is handled as such.
      post: (batch) => void process.send?.(batch, undefined, undefined, () => undefined),
      onMessage: (message, socket) => {
        this.#take(message, socket);
      },
      answers: {
        ...this.#answers,
        // Also while it starts.
        decide: (decided) => {
          this.#parts?.trust.take(decided);
          return undefined;
        },
      },
      onError: (error) => {
        throw error;
      },
    });
  }

  #take(message: ToWorker, socket: Socket | undefined): void {
    switch (message.kind) {
      case 'begin':
        this.#begin = message;
        void this.#start(message);
        return;
      case 'joined':
        this.#join(message);
        return;
      case 'stop':
        void this.#stop();
        return;
      case 'stop-warming':
        this.#answers.stopWarming(message.id);
        return;
      default:
        this.#parts?.take(message, socket);
    }
  }

  /** At once: what follows in the same batch may be a purge. */
  #join(joined: Joined): void {
    if (this.#begin === undefined) return;
    this.#parts = createWorkerParts(this.#begin, joined, this.link);
    this.#joined.resolve(this.#parts);
  }

  async #start({ worker: number, workers, text }: Begin): Promise<void> {
    const read = (of: string): Promise<ReadConfigResult> => readShare({ ...this.#source, text: of }, workers);
    const config = await configInForce(this.#terminal, text, read);
    if (config === undefined) process.exit(1);
    collectBodies(config.store.memoryBytes + besideStoreBytes);
    const log = openLog(config.log).child({ worker: number });
    logErrors(log);
    const { startServer } = await import('../server.ts');
    this.link.send({ kind: 'join' });
    const parts = await this.#joined.promise;
    let latest = text.inForce;
    const popularFile = popularFileOf(this.#source.file, number);
    const server = await startServer({
      ...{ config, log, popularFile, control: 'off', worker: parts },
      // What the first has, the others get from it.
      skipWarmUp: this.#skipWarmUp || number !== 1,
      readConfig: () => read(latest),
    });
    const reload = (next: string): ReturnType<RunningServer['reload']> => {
      latest = next;
      return server.reload();
    };
    this.#server = { ...parts, ...server, reload };
    this.link.send({ kind: 'listening' });
  }

  #running(): Answerer {
    if (this.#server === undefined) throw new Error('asked before it listens');
    return this.#server;
  }

  async #stop(): Promise<void> {
    await this.#server?.close();
    this.#parts?.close();
    this.link.flush();
    process.exit(0);
  }
}

async function readShare(source: ConfigSource, workers: number): Promise<ReadConfigResult> {
  const loaded = await loadConfig(source);
  return loaded.kind === 'ok' ? { ...loaded, config: configShare(loaded.config, workers) } : loaded;
}

/** What takes effect after a restart of the whole is as it was when the whole was started. */
async function configInForce(
  terminal: Terminal,
  { first, inForce }: Begin['text'],
  read: (text: string) => Promise<ReadConfigResult>,
): Promise<Config | undefined> {
  const [start, now] = [await read(first), await read(inForce)];
  for (const result of [start, now]) if (result.kind !== 'ok') tellProblems(terminal, result);
  return start.kind === 'ok' && now.kind === 'ok' ? withoutRestart(start.config, now.config) : undefined;
}
