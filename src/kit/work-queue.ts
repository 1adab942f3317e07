/**
 * A queue for background work, a few pieces at a time.
 *
 * Promises: it is bounded by weight; a piece that does not fit is dropped and reported. Newer work of a name replaces waiting
 * work of that name, and pieces of one name start in order. A failing piece stops nothing.
 */

export type WorkQueueOptions<Job> = {
  readonly run: (job: Job) => Promise<void>;
  readonly concurrency: number;
  /** The weight of all that waits, in the unit of `add`. */
  readonly maxWeight: number;
  readonly onLost?: (reason: 'full' | 'failed', job: Job) => void;
};

type Waiting<Job> = { readonly weight: number; readonly job: Job };

/** The queue. */
export class WorkQueue<Job> {
  readonly #options: WorkQueueOptions<Job>;
  readonly #waiting = new Map<string, Waiting<Job>>();
  #weight = 0;
  #running = 0;
  #onIdle: (() => void)[] = [];

  constructor(options: WorkQueueOptions<Job>) {
    this.#options = options;
  }

  /** Adds a piece; it replaces a waiting one of the same name. */
  add(name: string, weight: number, job: Job): void {
    this.#drop(name);
    if (this.#weight + weight > this.#options.maxWeight) {
      this.#options.onLost?.('full', job);
      return;
    }
    this.#waiting.set(name, { weight, job });
    this.#weight += weight;
    this.#startSome();
  }

  clear(): void {
    this.#waiting.clear();
    this.#weight = 0;
  }

  idle(): Promise<void> {
    if (this.#running === 0 && this.#waiting.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  #drop(name: string): void {
    const before = this.#waiting.get(name);
    if (before === undefined) return;
    this.#waiting.delete(name);
    this.#weight -= before.weight;
  }

  #startSome(): void {
    for (const [name, { job }] of this.#waiting) {
      if (this.#running >= this.#options.concurrency) return;
      this.#drop(name);
      this.#running += 1;
      void this.#run(job);
    }
  }

  async #run(job: Job): Promise<void> {
    try {
      await this.#options.run(job);
    } catch {
      // `onLost` reports it.
      this.#options.onLost?.('failed', job);
    }
    this.#running -= 1;
    this.#startSome();
    if (this.#running > 0 || this.#waiting.size > 0) return;
    for (const tell of this.#onIdle.splice(0)) tell();
  }
}
