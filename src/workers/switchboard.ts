/** Who gets what a worker says: the order of purges, the hand-out of connections, and the other workers. */

import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import { BoundedMap } from '../kit/bounded-map.ts';
import { everythingPurge } from '../store/log/log-record.ts';
import type { OnAppended } from '../store/purge-log.ts';
import type { CrewOptions, Worker } from './crew.ts';
import type { FillBoard } from './fill-board.ts';
import type { HandOut } from './hand-out.ts';
import type { ToPrimary, ToWorker } from './messages.ts';
import type { PurgeOrder } from './purge-order.ts';
import type { TrustForAll } from './trust-for-all.ts';

export type SwitchboardOptions = {
  readonly order: PurgeOrder;
  readonly handOut: HandOut<Socket>;
  readonly fills: FillBoard;
  readonly trust: TrustForAll;
  readonly log: Logger;
  /** Hears of the purges of this process. */
  readonly onAppended: OnAppended;
  readonly onWarming: (message: Extract<ToPrimary, { kind: 'warming' }>) => void;
  readonly onGone: (worker: Worker) => void;
  /** Another worker is ready. */
  readonly onReady: (worker: Worker) => void;
};

const mostLearned = 200_000;

/** Creates the crew's listeners. */
export function createSwitchboard(
  options: SwitchboardOptions,
): Pick<CrewOptions, 'onReady' | 'onMessage' | 'onEnded' | 'answersTo'> {
  const { order, handOut, log, trust, onAppended, onGone, onReady } = options;
  const members = new Members(order, trust);
  return {
    onReady: (worker) => {
      const { name, link } = worker;
      onReady(worker);
      handOut.join({
        name,
        give: ({ socket, listener }) => {
          link.sendSocket({ kind: 'connection', listener }, socket);
        },
      });
    },
    answersTo: (asker) => ({ want: (sought) => options.fills.want(asker(), sought) }),
    onMessage: (worker, message) => {
      take(members, options, { worker, message });
    },
    onEnded: (worker, isExpected) => {
      handOut.leave(worker.name);
      options.fills.leave(worker.name);
      const wasJoined = members.leave(worker);
      onGone(worker);
      if (isExpected || !wasJoined) return;
      // A write may have reached the origin through it of which it could tell nobody any more.
      onAppended(everythingPurge, order.append(everythingPurge));
      log.warn({ worker: worker.number }, 'purged everything: a write of the ended worker may be unknown');
    },
  };
}

type Said = { readonly worker: Worker; readonly message: Parameters<CrewOptions['onMessage']>[1] };

function take(
  members: Members,
  { order, handOut, fills, trust, onWarming }: SwitchboardOptions,
  { worker, message }: Said,
): void {
  const { name } = worker;
  switch (message.kind) {
    case 'join':
      members.join(worker);
      return;
    case 'purges':
      order.place(name, message.purges);
      return;
    case 'acknowledged':
      order.acknowledge(name, message.seq);
      return;
    case 'recorded':
      if ('own' in message.which) order.onRecorded(name, message.which.own);
      else order.onPlacedRecorded(message.which.seq);
      return;
    case 'learned':
      members.learn(worker, message);
      return;
    case 'filled':
    case 'abandoned':
    case 'released':
      fills[fillEnds[message.kind]](name, message.key);
      return;
    case 'found':
      trust.onFound(message.found);
      return;
    case 'wrote':
    case 'asked-for':
      members.tellOthers(worker, message);
      return;
    case 'taken':
      handOut.onTaken(name, message.open);
      return;
    case 'open':
      handOut.onOpen(name, message.open);
      return;
    case 'warming':
      onWarming(message);
      return;
    default:
      message satisfies never;
  }
}

const fillEnds = { filled: 'onFilled', abandoned: 'onAbandoned', released: 'onReleased' } as const;

/** The workers that hear of each other, and what a new one must know. */
class Members {
  readonly #order: PurgeOrder;
  readonly #trust: TrustForAll;
  readonly #joined = new Set<Worker>();
  readonly #learned = new BoundedMap<string, true>(mostLearned);

  constructor(order: PurgeOrder, trust: TrustForAll) {
    this.#order = order;
    this.#trust = trust;
  }

  join(worker: Worker): void {
    const { name, link } = worker;
    const log = this.#order.join({
      name,
      onPlaced: (purges) => {
        link.send({ kind: 'placed', purges });
      },
      onSettled: (own, workers) => {
        link.send({ kind: 'settled', own, workers });
      },
      onRecorded: (recorded) => {
        link.send({ kind: 'recorded', recorded });
      },
    });
    this.#joined.add(worker);
    const learned = [...this.#learned.entries()].map(([digest]) => digest);
    link.send({ kind: 'joined', log, decided: this.#trust.join(worker), learned });
  }

  /** Whether it was one of them. */
  leave(worker: Worker): boolean {
    this.#order.leave(worker.name);
    this.#trust.leave(worker);
    return this.#joined.delete(worker);
  }

  learn(from: Worker, message: Extract<ToPrimary, { kind: 'learned' }>): void {
    this.#learned.set(message.digest, true);
    this.tellOthers(from, message);
  }

  tellOthers(from: Worker, message: ToWorker): void {
    for (const worker of this.#joined) if (worker !== from) worker.link.send(message);
  }
}
