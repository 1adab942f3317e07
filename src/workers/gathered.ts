/** The figures of all workers, for the primary's watch: counts are added as they come, the rest is summed as of now. */

import type { BackgroundStats } from '../proxy/exchange/exchange.ts';
import { seconds } from '../kit/time.ts';
import type { RedisState } from '../store/opened-store.ts';
import type { StoreSize } from '../store/store.ts';
import type { Counters } from '../watch/count/counters.ts';
import type { Splits } from '../watch/count/splits.ts';
import type { RuntimeMetrics } from '../watch/show/runtime-metrics.ts';
import type { NoiseSeen } from '../trust/noise-book.ts';
import type { TrustShare } from '../trust/trust-share.ts';
import type { Worker } from './crew.ts';
import type { WorkerShare } from './messages.ts';
import { joinNoise } from './trust-for-all.ts';

type State = Omit<WorkerShare, 'counts' | 'trust'>;

export type GatheredOptions = {
  readonly counters: Counters;
  readonly workers: () => readonly Worker[];
  readonly hasRedis?: boolean;
  readonly onTrust?: (worker: Worker, share: TrustShare) => void;
};

/** Gathers the workers' figures. */
export class Gathered {
  readonly #options: GatheredOptions;
  readonly #states = new Map<string, State>();
  readonly #runtimes = new Map<string, RuntimeMetrics>();
  #ended: Promise<RuntimeMetrics> = Promise.resolve([]);
  #running: Promise<void> | undefined;

  constructor(options: GatheredOptions) {
    this.#options = options;
  }

  /** Brings all up to date. */
  gather(): Promise<void> {
    this.#running ??= this.#gather().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** What a worker has counted since it was asked last is lost with it. */
  forget(name: string): void {
    this.#states.delete(name);
    const last = this.#runtimes.get(name);
    this.#runtimes.delete(name);
    if (last !== undefined) this.#ended = this.#ended.then((sum) => addedTo(sum, last));
  }

  size(): StoreSize {
    const sizes = this.#all(({ store }) => store);
    return { entries: sumOf(sizes, 'entries'), bytes: sumOf(sizes, 'bytes') };
  }

  residentBytes(): number {
    return sumOf(
      this.#all(({ residentBytes }) => ({ residentBytes })),
      'residentBytes',
    );
  }

  /** Redis is up if every worker has it; figures of one worker's connection are the worst, the rest are sums. */
  redis(): RedisState {
    const all = this.#all(({ redis }) => redis);
    const [first] = all;
    if (first === undefined)
      return { redis: this.#options.hasRedis === true ? 'down' : 'none', breaker: 'closed' };
    const worst = all.find(({ breaker }) => breaker === 'open') ?? all.find(isHalfOpen) ?? first;
    const lags = all.flatMap(({ lag }) => lag ?? []);
    return {
      redis: all.find(({ redis }) => redis !== 'up')?.redis ?? 'up',
      breaker: worst.breaker,
      // One of them tidies for all.
      bytes: all.find(({ bytes }) => bytes !== undefined)?.bytes,
      unreadable: sumOfReasons(all.map(({ unreadable = {} }) => unreadable)),
      queue: all.reduce((sum, { queue = 0 }) => sum + queue, 0),
      lag: lags.length === 0 ? undefined : seconds(Math.max(...lags)),
    };
  }

  /** Whether no worker's breaker is open. */
  get isClosed(): boolean {
    return this.#all(({ isOriginUp }) => isOriginUp).every(Boolean);
  }

  /** Sums; the slowdown is the worst of them. */
  background(): BackgroundStats | undefined {
    const all = this.#all(({ background }) => background);
    const [first, ...others] = all;
    if (first === undefined) return undefined;
    return others.reduce<BackgroundStats>(
      (sum, one) => ({
        waiting: sum.waiting + one.waiting,
        running: sum.running + one.running,
        limit: sum.limit + one.limit,
        started: sum.started + one.started,
        needless: sum.needless + one.needless,
        dropped: sum.dropped + one.dropped,
        failed: sum.failed + one.failed,
        perSecond: sum.perSecond + one.perSecond,
        slowdown: Math.max(sum.slowdown, one.slowdown),
      }),
      first,
    );
  }

  /** Each worker holds what its own clients asked for: of splits that several have found, the larger counts. */
  async splits(): Promise<Splits> {
    const found = await this.#ask((worker) => worker.link.ask('splits', undefined));
    return {
      query: largest(
        found.flatMap(({ query }) => query),
        ({ type, path, parameter }) => [type, path, parameter],
      ),
      variants: largest(
        found.flatMap(({ variants }) => variants),
        ({ type, path, by }) => [type, path, by],
      ),
    };
  }

  /** One for each worker, and one for those that have ended. */
  async runtimes(): Promise<readonly RuntimeMetrics[]> {
    const found = await this.#ask(async (worker) => {
      const runtime = await worker.link.ask('runtime', undefined);
      if (runtime !== undefined) this.#runtimes.set(worker.name, runtime);
      return runtime;
    });
    return [...found, await this.#ended];
  }

  async noise(): Promise<readonly NoiseSeen[]> {
    return joinNoise(await this.#ask((worker) => worker.link.ask('noise', undefined)));
  }

  async #gather(): Promise<void> {
    await this.#ask(async (worker) => {
      const share = await worker.link.ask('share', undefined);
      if (share === undefined) return;
      const { counts, trust, ...state } = share;
      this.#options.counters.take(counts);
      this.#options.onTrust?.(worker, trust);
      this.#states.set(worker.name, state);
    });
  }

  async #ask<T>(ask: (worker: Worker) => Promise<T | undefined>): Promise<T[]> {
    const answers = await Promise.all(this.#options.workers().map(ask));
    return answers.filter((answer): answer is Awaited<T> & T => answer !== undefined);
  }

  #all<T>(pick: (state: State) => T): T[] {
    return [...this.#states.values()].map(pick);
  }
}

async function addedTo(sum: RuntimeMetrics, ended: RuntimeMetrics): Promise<RuntimeMetrics> {
  const { addEnded } = await import('../watch/show/runtime-metrics.ts');
  return addEnded(sum, ended);
}

function sumOf<Name extends string>(all: readonly Readonly<Record<Name, number>>[], name: Name): number {
  return all.reduce((sum, one) => sum + one[name], 0);
}

const isHalfOpen = ({ breaker }: RedisState): boolean => breaker === 'half-open';

type Unreadable = NonNullable<RedisState['unreadable']>;

function sumOfReasons(all: readonly Unreadable[]): Unreadable {
  const sum: Partial<Record<keyof Unreadable, number>> = {};
  for (const counts of all)
    for (const reason of Object.keys(counts) as (keyof Unreadable)[])
      sum[reason] = (sum[reason] ?? 0) + (counts[reason] ?? 0);
  return sum;
}

function largest<T extends { readonly entries: number }>(
  all: readonly T[],
  nameOf: (one: T) => unknown,
): T[] {
  const found = new Map<string, T>();
  for (const one of all.toSorted((a, b) => b.entries - a.entries)) {
    const name = JSON.stringify(nameOf(one));
    if (!found.has(name)) found.set(name, one);
  }
  return [...found.values()].slice(0, 20);
}
