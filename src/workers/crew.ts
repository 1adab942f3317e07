/**
 * The worker processes: started, watched, ended, and replaced when they end by themselves.
 *
 * Promises: a worker that is not heard of for `longestSilenceMs` is killed, also while it starts, from when it hears of
 * purges; so is one that is not ready `longestStartMs` after its start. Time in which it waits for the processor does not
 * count, nor does time in which this process itself is late. One that has ended or cannot be started is replaced at once, or
 * after a pause that doubles while they end soon after their start. If one ends before all were ready for the first time, the
 * start has failed.
 */

import type { ChildProcess } from 'node:child_process';
import type { Logger } from 'pino';
import type { Clock } from '../kit/time.ts';
import { type Answering, Link } from './link.ts';
import type {
  Begin,
  PrimaryQuestions,
  ToPrimary,
  ToWorker,
  ToWorkerLink,
  WorkerQuestions,
} from './messages.ts';
import { type Run, runOf, waitedMs } from './starved.ts';

/** One worker process. */
export type Worker = {
  /** Its number, from 1 on, which goes to the one that takes its place. */
  readonly number: number;
  readonly name: string;
  readonly link: ToWorkerLink;
};

export type CrewOptions = {
  readonly count: number;
  readonly fork: () => ChildProcess;
  readonly clock: Clock;
  readonly log: Logger;
  readonly begin: (worker: Worker) => Begin;
  readonly onReady: (worker: Worker) => void;
  readonly onMessage: (worker: Worker, message: Exclude<ToPrimary, { kind: 'listening' }>) => void;
  /** How a worker's questions are answered; `asker` gives its name. */
  readonly answersTo: (asker: () => string) => Answering<PrimaryQuestions>;
  /** `isExpected`: after `stop`. */
  readonly onEnded: (worker: Worker, isExpected: boolean) => void;
};

type Place = {
  readonly number: number;
  readonly worker: Worker;
  readonly process: ChildProcess;
  readonly startedMs: number;
  /** It hears of purges, and writes wait for it. */
  hasJoined: boolean;
  isReady: boolean;
  /** From when on its silence counts. */
  heardMs: number;
  /** From when on its start counts. */
  startingMs: number;
  run: Run | undefined;
};

/** A worker ended before all were ready for the first time. */
export class WorkerStartError extends Error {
  override readonly name = 'WorkerStartError';
}

/** A client's write may wait so long for a worker that hangs; none that works is silent for so long. */
export const longestSilenceMs = 3000;
/** A start takes about a second; one that takes longer than this will not end. */
const longestStartMs = 60_000;
const lookEveryMs = 500;
const longestPauseMs = 30_000;
/** Who lives for so long has started well. */
const youngMs = 10_000;

/** The workers of one instance. */
export class Crew {
  readonly #options: CrewOptions;
  readonly #places = new Map<number, Place>();
  readonly #pauses = new Map<number, number>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #firstReady = Promise.withResolvers<undefined>();
  #generation = 0;
  #isStarted = false;
  #isStopping = false;
  #lookedMs: number;
  #replaced = 0;

  constructor(options: CrewOptions) {
    this.#options = options;
    this.#lookedMs = options.clock.monotonicMs();
  }

  /** Starts all; resolves when all are ready. */
  async start(): Promise<void> {
    for (let number = 1; number <= this.#options.count; number += 1) this.#start(number);
    const timer = setInterval(() => {
      this.#look();
    }, lookEveryMs);
    this.#timers.add(timer);
    await this.#firstReady.promise;
    this.#isStarted = true;
  }

  /** Those that are ready. */
  get ready(): readonly Worker[] {
    return [...this.#places.values()].filter(({ isReady }) => isReady).map(({ worker }) => worker);
  }

  /** How many have been replaced. */
  get replaced(): number {
    return this.#replaced;
  }

  /** Tells all to finish what they do and to end; resolves when they have. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const timer of this.#timers) clearInterval(timer);
    const ended = [...this.#places.values()].map(async ({ worker, process, isReady }) => {
      const exit = new Promise((resolve) => process.once('exit', resolve));
      if (isReady) worker.link.send({ kind: 'stop' });
      else process.kill('SIGKILL');
      await exit;
    });
    await Promise.all(ended);
  }

  #start(number: number): void {
    const { clock, fork, log } = this.#options;
    const startedMs = clock.monotonicMs();
    try {
      this.#take(fork(), { number, startedMs });
    } catch (error) {
      log.error({ err: error, worker: number }, 'worker cannot be started');
      this.#startAnother({ number, startedMs }, {});
    }
  }

  #take(process: ChildProcess, { number, startedMs }: Pick<Place, 'number' | 'startedMs'>): void {
    this.#generation += 1;
    const { clock } = this.#options;
    const worker: Worker = {
      number,
      name: `${number}.${this.#generation}`,
      link: this.#linkTo(process, number),
    };
    const state = {
      ...{ hasJoined: false, isReady: false },
      ...{ heardMs: startedMs, startingMs: startedMs, run: undefined },
    };
    const place: Place = { number, worker, process, startedMs, ...state };
    this.#places.set(number, place);
    process.on('message', (batch: unknown) => {
      place.heardMs = clock.monotonicMs();
      worker.link.receive(batch);
    });
    process.on('error', (error) => {
      this.#options.log.error({ err: error, worker: number }, 'worker cannot be reached');
      // The system could not start it: there will be no `exit`.
      if (process.pid === undefined) this.#ended(place, {});
    });
    // Without its channel it does not hear of purges.
    process.on('disconnect', () => process.kill('SIGKILL'));
    process.once('exit', (code, signal) => {
      this.#ended(place, { code, signal });
    });
    worker.link.send(this.#options.begin(worker));
  }

  #linkTo(process: ChildProcess, number: number): ToWorkerLink {
    return new Link<ToWorker, WorkerQuestions, ToPrimary, PrimaryQuestions>({
      post: (batch, socket) => {
        // An error is the channel's end, which is handled as such.
        if (process.connected) process.send(batch, socket, { keepOpen: true }, () => undefined);
      },
      onMessage: (message) => {
        const place = this.#places.get(number);
        if (place?.process !== process) return;
        if (message.kind === 'join') place.hasJoined = true;
        if (message.kind === 'listening') this.#ready(place);
        else this.#options.onMessage(place.worker, message);
      },
      answers: this.#options.answersTo(() => this.#places.get(number)?.worker.name ?? ''),
      onError: (error) => {
        this.#options.log.error({ err: error, worker: number }, 'worker was not answered');
      },
    });
  }

  #ready(place: Place): void {
    place.isReady = true;
    this.#options.onReady(place.worker);
    if (this.ready.length === this.#options.count) this.#firstReady.resolve(undefined);
  }

  #ended(place: Place, how: object): void {
    const { number, worker } = place;
    if (this.#places.get(number) !== place) return;
    this.#places.delete(number);
    worker.link.close();
    this.#options.onEnded(worker, this.#isStopping);
    this.#startAnother(place, how);
  }

  #startAnother({ number, startedMs }: Pick<Place, 'number' | 'startedMs'>, how: object): void {
    if (this.#isStopping) return;
    if (!this.#isStarted) {
      this.#firstReady.reject(new WorkerStartError('a worker ended before it was ready'));
      return;
    }
    const isYoung = this.#options.clock.monotonicMs() - startedMs < youngMs;
    const pauseMs = isYoung ? Math.min(longestPauseMs, (this.#pauses.get(number) ?? 250) * 2) : 0;
    this.#pauses.set(number, pauseMs);
    this.#options.log.error({ worker: number, ...how, pause_ms: pauseMs }, 'worker ended; starting another');
    this.#replaced += 1;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#start(number);
    }, pauseMs);
    this.#timers.add(timer);
  }

  /** Asks each worker for a sign of life, and ends those that gave none for too long. */
  #look(): void {
    const nowMs = this.#options.clock.monotonicMs();
    const elapsedMs = nowMs - this.#lookedMs;
    this.#lookedMs = nowMs;
    for (const place of this.#places.values()) {
      excuse(place, nowMs, elapsedMs);
      if (!place.isReady && nowMs - place.startingMs > longestStartMs) {
        this.#kill(place, 'worker does not start; killing it');
        continue;
      }
      // At the first start all are busy, so that one may be silent for longer.
      if (!place.isReady && !(place.hasJoined && this.#isStarted)) continue;
      void place.worker.link.ask('alive', undefined);
      if (nowMs - place.heardMs <= longestSilenceMs) continue;
      this.#kill(place, 'worker hangs; killing it');
    }
  }

  #kill({ number, process }: Place, why: string): void {
    this.#options.log.error({ worker: number }, why);
    process.kill('SIGKILL');
  }
}

/** Does not hold against a worker what neither it nor its silence can help. */
function excuse(place: Place, nowMs: number, elapsedMs: number): void {
  const run = runOf(place.process.pid);
  const starvedMs = waitedMs(elapsedMs, place.run, run);
  place.run = run;
  place.startingMs += starvedMs;
  // After a stop of this process itself its messages may still wait to be read.
  if (elapsedMs > 3 * lookEveryMs) place.heardMs = nowMs;
  else place.heardMs = Math.min(nowMs, place.heardMs + Math.max(starvedMs, elapsedMs - lookEveryMs));
}
