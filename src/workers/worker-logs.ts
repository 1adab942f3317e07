/**
 * How a worker's purge log hears of the purges of the other workers and of the primary.
 *
 * Promise: what is heard of before the log is open holds from the moment on that it is.
 */

import type { Clock } from '../kit/time.ts';
import { decodeRecord } from '../store/log/log-record.ts';
import type { RedisPurgeLog } from '../store/log/redis-purge-log.ts';
import { ToldWorkers } from '../store/log/told-workers.ts';
import {
  type PlacedPurge,
  type SentPurge,
  WorkerPurgeLog,
  type WorkerPurgeLogOptions,
} from '../store/log/worker-purge-log.ts';
import type { OnAppended, Purge, PurgeLog, Receipt } from '../store/purge-log.ts';
import type { Joined, ToPrimaryLink, ToWorker } from './messages.ts';

type About = Extract<ToWorker, { readonly kind: 'placed' | 'recorded' | 'settled' }>;

export type WorkerLogs = {
  /** Opens the log without Redis. */
  readonly openLog: (options: {
    readonly clock: Clock;
    readonly onAppended?: OnAppended | undefined;
  }) => PurgeLog;
  /** With Redis: what its log tells the other workers by, and who gives it what they tell. */
  readonly workers: ToldWorkers;
  readonly onRedisLog: (log: RedisPurgeLog) => void;
  readonly take: (message: About) => void;
  /** Appends to Redis what all workers know already. */
  readonly record: (placed: PlacedPurge) => Promise<Receipt | undefined>;
};

type Listening = { readonly name: string; readonly onForeign: (purge: Purge) => void };

/** Opens the way; `onForeign` hears of the purges of others, when they hold here. */
export function createWorkerLogs(
  { name, joined, onForeign }: Listening & { readonly joined: Joined },
  link: ToPrimaryLink,
): WorkerLogs {
  const send = (purges: readonly SentPurge[]): void => {
    link.send({ kind: 'purges', purges });
  };
  const workers = new ToldWorkers({
    send,
    onRecorded: (own) => {
      link.send({ kind: 'recorded', which: { own } });
    },
  });
  let early: About[] | undefined = [{ kind: 'placed', purges: joined.log.unrecorded }];
  let give: (message: About) => void = (message) => early?.push(message);
  const listen = (giving: typeof give): void => {
    for (const message of early ?? []) giving(message);
    early = undefined;
    give = giving;
  };
  let redisLog: RedisPurgeLog | undefined;
  return {
    openLog: (options) => {
      const heard: Pick<WorkerPurgeLogOptions, 'send' | 'onForeign'> = { send, onForeign };
      const log = new WorkerPurgeLog({ ...options, ...heard, log: joined.log, worker: name });
      listen((message) => {
        if (message.kind === 'placed') log.onPlaced(message.purges);
        if (message.kind === 'settled') log.onSettled(message.own, message.workers);
      });
      return log;
    },
    workers,
    onRedisLog: (log) => {
      redisLog = log;
      listen(toRedisLog(log, workers, { name, onForeign }));
    },
    take: (message) => {
      give(message);
    },
    record: ({ seq, nonce, payload }) => {
      const content = decodeRecord(payload);
      if (redisLog === undefined || content.kind === 'start') return Promise.resolve(undefined);
      return redisLog.appendTold(content.purge, nonce, () => {
        link.send({ kind: 'recorded', which: { seq } });
      });
    },
  };
}

function toRedisLog(
  log: RedisPurgeLog,
  workers: ToldWorkers,
  { name, onForeign }: Listening,
): (message: About) => void {
  const onPlaced = ({ seq: place, from, nonce, payload }: PlacedPurge): void => {
    const content = decodeRecord(payload);
    if (from === name || content.kind === 'start') return;
    log.onTold(content.purge, { place, nonce });
    onForeign(content.purge);
  };
  return (message) => {
    switch (message.kind) {
      case 'placed':
        for (const placed of message.purges) onPlaced(placed);
        return;
      case 'recorded':
        log.onRecorded(message.recorded);
        return;
      case 'settled':
        workers.onSettled(message.own, message.workers);
        return;
      default:
        message satisfies never;
    }
  };
}
