/**
 * A bounded priority queue.
 *
 * Promises: when it is full, the piece of least worth is dropped, even if it is the new one. Each name waits once, at the
 * highest worth it was given. Equal worth: first in, first out. Pure: no clock, no chance.
 */

/** `name` identifies a piece of work; `worth` is any number, higher first. */
export type Prioritised = { readonly name: string; readonly worth: number };

type Node<Job> = { job: Job; readonly order: number; at: number };

/** The result of an addition. `dropped`: the piece that was dropped or replaced, which may be the new one. */
export type Added<Job> =
  { readonly kind: 'added' } | { readonly kind: 'merged' | 'full'; readonly dropped: Job };

/** A binary heap indexed by name. */
export class PriorityQueue<Job extends Prioritised> {
  readonly #limit: number;
  readonly #heap: Node<Job>[] = [];
  readonly #byName = new Map<string, Node<Job>>();
  #order = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#heap.length;
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  /** Adds a piece. It replaces a waiting piece of the same name, with the higher worth of the two. */
  add(job: Job): Added<Job> {
    const waiting = this.#byName.get(job.name);
    if (waiting !== undefined) {
      const { job: before } = waiting;
      waiting.job = job.worth >= before.worth ? job : { ...job, worth: before.worth };
      this.#rise(waiting);
      return { kind: 'merged', dropped: before };
    }
    const dropped = this.#heap.length < this.#limit ? undefined : this.#leastBelow(job.worth);
    if (dropped === 'newcomer') return { kind: 'full', dropped: job };
    const lost = dropped === undefined ? undefined : this.#remove(dropped);
    const node: Node<Job> = { job, order: this.#order, at: this.#heap.length };
    this.#order += 1;
    this.#heap.push(node);
    this.#byName.set(job.name, node);
    this.#rise(node);
    return lost === undefined ? { kind: 'added' } : { kind: 'full', dropped: lost };
  }

  take(): Job | undefined {
    const first = this.#heap[0];
    return first === undefined ? undefined : this.#remove(first);
  }

  takeOldest(): Job | undefined {
    // A map keeps the order of insertion, and a replaced piece keeps its place.
    const oldest = this.#byName.values().next();
    return oldest.done === true ? undefined : this.#remove(oldest.value);
  }

  clear(): readonly Job[] {
    const jobs = this.#heap.map(({ job }) => job);
    this.#heap.length = 0;
    this.#byName.clear();
    return jobs;
  }

  /** The piece of least worth is among the leaves, the second half of the heap. */
  #leastBelow(worth: number): Node<Job> | 'newcomer' {
    let least: Node<Job> | undefined;
    for (let at = this.#heap.length >> 1; at < this.#heap.length; at += 1) {
      const node = this.#heap[at];
      if (node !== undefined && (least === undefined || isBefore(least, node))) least = node;
    }
    return least !== undefined && least.job.worth < worth ? least : 'newcomer';
  }

  #remove(node: Node<Job>): Job {
    const last = this.#heap.pop();
    if (last !== undefined && last !== node) {
      last.at = node.at;
      this.#heap[node.at] = last;
      this.#rise(last);
      this.#sink(last);
    }
    this.#byName.delete(node.job.name);
    return node.job;
  }

  #rise(node: Node<Job>): void {
    for (;;) {
      const parent = node.at === 0 ? undefined : this.#heap[(node.at - 1) >> 1];
      if (parent === undefined || !isBefore(node, parent)) return;
      this.#swap(node, parent);
    }
  }

  #sink(node: Node<Job>): void {
    for (;;) {
      const [left, right] = [this.#heap[2 * node.at + 1], this.#heap[2 * node.at + 2]];
      const first = right !== undefined && left !== undefined && isBefore(right, left) ? right : left;
      if (first === undefined || !isBefore(first, node)) return;
      this.#swap(first, node);
    }
  }

  #swap(one: Node<Job>, other: Node<Job>): void {
    [one.at, other.at] = [other.at, one.at];
    this.#heap[one.at] = one;
    this.#heap[other.at] = other;
  }
}

const isBefore = <Job extends Prioritised>(one: Node<Job>, other: Node<Job>): boolean =>
  one.job.worth > other.job.worth || (one.job.worth === other.job.worth && one.order < other.order);
