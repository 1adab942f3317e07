/**
 * Queues all background fetches, so that they never slow down the origin.
 *
 * Promises: no more run at once than the limit. The queue is bounded, and the most worthwhile (request rate × cost of a
 * fetch) goes first. Fewer run, and less often, while the origin is slower than usual or fails; only one probe at a
 * time while its breaker is open. Clients' own fetches come first. The end of each job is reported.
 */

import { PriorityQueue, type Prioritised } from '../kit/priority-queue.ts';
import { type Clock, type Seconds, seconds } from '../kit/time.ts';
import { TokenBucket } from '../kit/token-bucket.ts';
import type { OriginHealth } from '../origin/origin-health.ts';
import { countsAsFailedWork } from '../origin/trouble.ts';
import type { BackgroundStats } from '../proxy/exchange/exchange.ts';
import type { FillEnd } from '../proxy/fetch/fill-input.ts';
import type { OriginLoad } from './origin-load.ts';
import { type OriginSample, Pressure } from './pressure.ts';

export type Work = Prioritised & {
  /** Checked when its turn comes: it may have become needless. */
  readonly isWanted: () => boolean;
  /** `undefined`: it was needless, or is under way elsewhere. */
  readonly run: () => Promise<FillEnd | undefined> | undefined;
};

/** `dropped`: the queue is full, or the proxy stops. `error`: an unexpected error. */
export type WorkEnd =
  | { readonly kind: 'done'; readonly end: FillEnd }
  | { readonly kind: 'needless' | 'dropped' }
  | { readonly kind: 'error'; readonly error: unknown };

export type GovernorOptions = {
  readonly clock: Clock;
  readonly concurrency: () => number;
  readonly connections: () => number;
  readonly load: Pick<OriginLoad, 'inFlight' | 'waiting'>;
  readonly health: Pick<OriginHealth, 'isClosed' | 'pauseMs'>;
  readonly later: (delay: Seconds, action: () => void) => () => void;
  readonly onError: (error: unknown) => void;
};

type Job = Work & { readonly tell: (end: WorkEnd) => void };

const mostWaiting = 10_000;
/** Fetches per second and place: only fetches faster than 20 ms wait for the rate rather than for a place. */
const perSecondAndPlace = 50;
const leastPerSecond = 1;
/** The share of the origin's connections for background work; the rest is for clients. */
const share = 0.8;
const lookMs = 250;

/** The one queue of background work. */
export class Governor {
  readonly #options: GovernorOptions;
  readonly #queue = new PriorityQueue<Job>(mostWaiting);
  readonly #pressure = new Pressure();
  #bucket: TokenBucket;
  #places: number;
  #running = 0;
  /** The running jobs that began while the origin's breaker was not closed. */
  readonly #probes = new Set<Job>();
  #lookedMs = 0;
  #cancel: (() => void) | undefined;
  #isClosed = false;
  readonly #counts = { started: 0, needless: 0, dropped: 0, failed: 0 };
  #onIdle: (() => void)[] = [];

  constructor(options: GovernorOptions) {
    this.#options = options;
    this.#places = options.concurrency();
    this.#bucket = bucketFor(this.#places);
  }

  /** Queues a job, which starts at once if it may. The promise never rejects. */
  submit(work: Work): Promise<WorkEnd> {
    return new Promise((tell) => {
      const job: Job = { ...work, tell };
      const added = this.#isClosed ? ({ kind: 'full', dropped: job } as const) : this.#queue.add(job);
      if (added.kind !== 'added') {
        if (added.kind === 'full') this.#counts.dropped += 1;
        added.dropped.tell({ kind: added.kind === 'merged' ? 'needless' : 'dropped' });
      }
      this.#startSome();
    });
  }

  /** Clients' calls of the origin included. */
  onSample(sample: OriginSample): void {
    const nowMs = this.#options.clock.monotonicMs();
    this.#pressure.record(sample, nowMs);
    const sinceMs = nowMs - this.#lookedMs;
    if (sinceMs < lookMs) return;
    this.#lookedMs = nowMs;
    if (this.#pressure.isTrouble) this.#bucket.shrink(nowMs);
    else this.#bucket.grow(Math.min(sinceMs, 10 * lookMs));
  }

  /** A call of the origin has ended: there may be room again. */
  onRoom(): void {
    if (this.#queue.size > 0) this.#startSome();
  }

  stats(): BackgroundStats {
    return {
      waiting: this.#queue.size,
      running: this.#running,
      limit: this.#limit(),
      perSecond: this.#bucket.rate,
      slowdown: this.#pressure.slowdown,
      ...this.#counts,
    };
  }

  get waiting(): number {
    return this.#queue.size;
  }

  idle(): Promise<void> {
    if (this.#running === 0 && this.#queue.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  /** Starts no more jobs; running ones finish. */
  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
    for (const job of this.#queue.clear()) job.tell({ kind: 'dropped' });
  }

  #limit(): number {
    const { concurrency, connections, health, load } = this.#options;
    if (!health.isClosed) return 1;
    const ofClients = load.waiting() - this.#running;
    if (load.inFlight() >= connections() * share) return ofClients > 0 ? 0 : 1;
    const allowed = Math.max(1, Math.ceil(concurrency() * this.#bucket.share));
    return ofClients >= allowed ? Math.max(1, Math.floor(allowed / 2)) : allowed;
  }

  #hasRoom(): boolean {
    if (!this.#options.health.isClosed) {
      // The probe yields to nothing and does not wait for jobs that began before it and may hang: everything that waits
      // for the origin depends on its result.
      return this.#probes.size === 0;
    }
    this.#probes.clear();
    return this.#running < this.#limit();
  }

  #startSome(): void {
    this.#resize();
    const { clock, health, later } = this.#options;
    while (this.#queue.size > 0 && this.#hasRoom()) {
      const nowMs = clock.monotonicMs();
      const waitMs = Math.max(this.#bucket.waitMs(nowMs), health.pauseMs(nowMs));
      if (waitMs > 0) {
        this.#cancel?.();
        this.#cancel = later(seconds(waitMs / 1000), () => {
          this.#startSome();
        });
        return;
      }
      // The longest-waiting job: the hottest may be the very page that fails, and would be the probe for ever.
      const job = health.isClosed ? this.#queue.take() : this.#queue.takeOldest();
      if (job === undefined) return;
      if (job.isWanted()) {
        this.#bucket.take(nowMs);
        void this.#run(job);
      } else this.#needless(job);
    }
    this.#tellIdle();
  }

  async #run(job: Job): Promise<void> {
    this.#running += 1;
    this.#counts.started += 1;
    if (!this.#options.health.isClosed) this.#probes.add(job);
    try {
      const end = await job.run();
      if (end === undefined) this.#needless(job);
      else {
        if (countsAsFailedWork(end)) this.#counts.failed += 1;
        job.tell({ kind: 'done', end });
      }
    } catch (error) {
      this.#counts.failed += 1;
      this.#options.onError(error);
      job.tell({ kind: 'error', error });
    }
    this.#running -= 1;
    this.#probes.delete(job);
    this.#startSome();
  }

  #needless(job: Job): void {
    this.#counts.needless += 1;
    job.tell({ kind: 'needless' });
  }

  #resize(): void {
    const places = this.#options.concurrency();
    if (places === this.#places) return;
    this.#places = places;
    this.#bucket = bucketFor(places);
  }

  #tellIdle(): void {
    if (this.#running > 0 || this.#queue.size > 0) return;
    for (const tell of this.#onIdle.splice(0)) tell();
  }
}

const bucketFor = (places: number): TokenBucket =>
  new TokenBucket({ perSecond: places * perSecondAndPlace, leastPerSecond, burst: places });
