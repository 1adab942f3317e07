/**
 * Writes to Redis off the request path, bounded and a few at a time. While Redis is away nothing is queued: entries are
 * worth less than the memory they would take.
 */

import { type Clock, type Seconds, seconds } from '../../kit/time.ts';
import { WorkQueue } from '../../kit/work-queue.ts';
import type { RedisEntries } from './entries.ts';
import { type Entry, nameOf } from '../store.ts';

type WriteBehindOptions = {
  readonly entries: Pick<RedisEntries, 'put' | 'remove'>;
  readonly clock: Clock;
  readonly isAway: () => boolean;
  readonly onDone: (kind: WriteKind, entry: Entry, duration: Seconds) => void;
  readonly onLost: (kind: WriteKind, entry: Entry) => void;
};

type WriteKind = 'put' | 'remove';

type Job = { readonly kind: WriteKind; readonly entry: Entry };

const mostWaitingBytes = 4 * 1024 * 1024;
const writesAtOnce = 8;

/** The writes of one instance. */
export class WriteBehind {
  readonly #options: WriteBehindOptions;
  readonly #queue: WorkQueue<Job>;
  readonly #shrinking = new Map<string, Entry>();

  constructor(options: WriteBehindOptions) {
    this.#options = options;
    this.#queue = new WorkQueue<Job>({
      run: (job) => this.#write(job),
      concurrency: writesAtOnce,
      maxWeight: mostWaitingBytes,
      onLost: (_, { kind, entry }) => this.#options.onLost(kind, entry),
    });
  }

  /** Writes an entry, or its compressed form once that is ready. */
  put(entry: Entry, smaller?: Promise<Entry | undefined>): void {
    const name = nameOf(entry);
    if (smaller === undefined) {
      this.#shrinking.delete(name);
      this.#later({ kind: 'put', entry });
      return;
    }
    this.#shrinking.set(name, entry);
    const take = (other: Entry | undefined): void => {
      if (this.#shrinking.get(name) !== entry) return;
      this.#shrinking.delete(name);
      this.#later({ kind: 'put', entry: other ?? entry });
    };
    smaller.then(take, () => take(undefined));
  }

  remove(entry: Entry): void {
    this.#shrinking.delete(nameOf(entry));
    this.#later({ kind: 'remove', entry });
  }

  idle(): Promise<void> {
    return this.#queue.idle();
  }

  #later(job: Job): void {
    const { kind, entry } = job;
    if (this.#options.isAway()) {
      this.#options.onLost(kind, entry);
      return;
    }
    const bytes = 500 + (kind === 'put' ? entry.body.length : 0);
    // An entry larger than the whole queue is written when the queue is empty.
    this.#queue.add(nameOf(entry), Math.min(bytes, mostWaitingBytes), job);
  }

  async #write({ kind, entry }: Job): Promise<void> {
    const { entries, clock, isAway, onDone } = this.#options;
    if (isAway()) throw new Error('Redis is away');
    const startedMs = clock.monotonicMs();
    await (kind === 'remove' ? entries.remove(entry) : entries.put(entry, clock.now()));
    onDone(kind, entry, seconds((clock.monotonicMs() - startedMs) / 1000));
  }
}
