/**
 * Gives each new connection to the worker with the fewest.
 *
 * Connections stay open for many requests, so that who takes the next one decides how evenly the work is spread: kernel and
 * node:cluster leave one of two workers with a third of 64 connections, or fewer (decision 27).
 *
 * Promises: a connection is given to one worker at a time, and to the next one if that ends before it has taken it. A worker
 * that is slow to take one gets no other.
 */

/** What is handed out: a connection, paused, with the name of the listener it came through. */
export type Arrival<Socket> = { readonly socket: Socket; readonly listener: string };

export type Taker<Socket> = {
  readonly name: string;
  readonly give: (arrival: Arrival<Socket>) => void;
};

type Member<Socket> = Taker<Socket> & {
  open: number;
  underWay: Arrival<Socket> | undefined;
  isSlow: boolean;
};

/** The connections that no worker has taken yet. */
export class HandOut<Socket> {
  readonly #release: (socket: Socket) => void;
  readonly #members = new Map<string, Member<Socket>>();
  readonly #queue: Arrival<Socket>[] = [];

  /** `release`: lets go of this process's hold on a connection that a worker has taken. */
  constructor(release: (socket: Socket) => void) {
    this.#release = release;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  join(taker: Taker<Socket>): void {
    this.#members.set(taker.name, { ...taker, open: 0, underWay: undefined, isSlow: false });
    this.#next();
  }

  /** The worker gets no more; what it has not taken goes to another. */
  leave(name: string): void {
    const { underWay } = this.#members.get(name) ?? {};
    this.#members.delete(name);
    if (underWay !== undefined) this.#queue.unshift(underWay);
    this.#next();
  }

  add(arrival: Arrival<Socket>): void {
    this.#queue.push(arrival);
    this.#next();
  }

  /** The worker has taken what it was given, and has so many connections open. */
  onTaken(name: string, open: number): void {
    const member = this.#members.get(name);
    if (member?.underWay === undefined) return;
    this.#release(member.underWay.socket);
    Object.assign(member, { open, underWay: undefined, isSlow: false });
    this.#next();
  }

  onOpen(name: string, open: number): void {
    const member = this.#members.get(name);
    if (member !== undefined) member.open = open;
    this.#next();
  }

  /** To be called at intervals: whoever has not taken a connection since the last call is not waited for. */
  tick(): void {
    for (const member of this.#members.values()) member.isSlow = member.underWay !== undefined;
    this.#next();
  }

  #next(): void {
    while (this.#queue.length > 0) {
      const member = this.#fewest();
      if (member === undefined || member.underWay !== undefined) return;
      member.underWay = this.#queue.shift();
      if (member.underWay !== undefined) member.give(member.underWay);
    }
  }

  /** The worker whose turn it is, also while it is busy taking one: another would have too many in the end. */
  #fewest(): Member<Socket> | undefined {
    let fewest: Member<Socket> | undefined;
    for (const member of this.#members.values()) {
      if (member.isSlow) continue;
      const fewer = fewest === undefined ? -1 : countOf(member) - countOf(fewest);
      if (fewer < 0 || (fewer === 0 && fewest?.underWay !== undefined)) fewest = member;
    }
    return fewest;
  }
}

const countOf = ({ open, underWay }: { readonly open: number; readonly underWay: unknown }): number =>
  open + (underWay === undefined ? 0 : 1);
