/**
 * Counts what store, purge log and origin do, where they are: their methods are wrapped in place, so that whoever has
 * them, renewals with no client included, is counted, and nobody needs to know.
 */

import { type Clock, type Seconds, seconds } from '../../kit/time.ts';
import type { OriginReceiver } from '../../origin/exchange.ts';
import type { Origin } from '../../origin/origin.ts';
import type { PurgeLog } from '../../store/purge-log.ts';
import type { Entry, Store } from '../../store/store.ts';
import { isTrouble, type StoreOperation } from './counters.ts';
import type { PurgeRecord } from './purges.ts';

export type StoreListener = {
  readonly onOperation: (operation: StoreOperation, duration: Seconds) => void;
  readonly onStored: (entry: Entry) => void;
  readonly onFromRedis: (entry: Entry) => void;
};

const since = (clock: Clock, startedMs: number): Seconds => seconds((clock.monotonicMs() - startedMs) / 1000);

/** Times every operation of a store. */
export function instrumentStore(store: Store, clock: Clock, listener: StoreListener): void {
  const { onOperation, onStored, onFromRedis } = listener;
  const slow = store.hasSlowTier ? 'get/redis' : 'get/memory';
  const peek = store.peek.bind(store);
  const get = store.get.bind(store);
  const put = store.put.bind(store);
  const remove = store.remove.bind(store);
  store.peek = (key) => {
    const startedMs = clock.monotonicMs();
    const entries = peek(key);
    onOperation('get/memory', since(clock, startedMs));
    return entries;
  };
  store.get = (key, sinceMs) => {
    const startedMs = clock.monotonicMs();
    const near = peek(key);
    return get(key, sinceMs).then((entries) => {
      onOperation(slow, since(clock, startedMs));
      if (store.hasSlowTier) for (const entry of entries) if (!near.includes(entry)) onFromRedis(entry);
      return entries;
    });
  };
  store.put = (entry, smaller) => {
    const startedMs = clock.monotonicMs();
    put(entry, smaller);
    onOperation('set/memory', since(clock, startedMs));
    onStored(entry);
  };
  if (store.hasSlowTier)
    store.onSlowWrite = (operation, duration) => {
      onOperation(`${operation}/redis`, duration);
    };
  store.remove = (entry) => {
    const startedMs = clock.monotonicMs();
    remove(entry);
    onOperation('delete/memory', since(clock, startedMs));
  };
}

/** Tells of every purge, with its receipt. */
export function instrumentPurgeLog(
  log: PurgeLog,
  clock: Clock,
  onPurge: (record: PurgeRecord) => void,
): void {
  const append = log.append.bind(log);
  log.append = (purge) => {
    const startedMs = clock.monotonicMs();
    const at = clock.now();
    const receipt = append(purge);
    void receipt.then(
      ({ instances }) => {
        onPurge({ at, purge, instances, took: since(clock, startedMs) });
      },
      () => {
        // Whoever asked for the purge is told why; here it only counts.
        onPurge({ at, purge, instances: undefined, took: since(clock, startedMs) });
      },
    );
    return receipt;
  };
}

/** Tells of every exchange with the origin but those of @fastify/http-proxy, which has connections of its own. */
export function instrumentOrigin(
  origin: Origin,
  clock: Clock,
  onOrigin: (duration: Seconds, isError: boolean) => void,
): void {
  const send = origin.send.bind(origin);
  origin.send = (request, receiver) => send(request, counting(receiver, clock, onOrigin));
}

function counting(
  receiver: OriginReceiver,
  clock: Clock,
  onOrigin: (duration: Seconds, isError: boolean) => void,
): OriginReceiver {
  const startedMs = clock.monotonicMs();
  let status = 0;
  return {
    onRepeat: () => {
      // Two requests, of which the origin may have seen both; that it had closed an idle connection is no error.
      onOrigin(since(clock, startedMs), false);
      receiver.onRepeat?.();
    },
    onInformation: (given, fields) => receiver.onInformation?.(given, fields),
    onHead: (head) => {
      status = head.status;
      receiver.onHead(head);
    },
    onData: (chunk) => receiver.onData(chunk),
    onEnd: (trailers) => {
      onOrigin(since(clock, startedMs), isTrouble(status));
      receiver.onEnd(trailers);
    },
    onFailure: (failure) => {
      // A client that leaves is no fault of the origin's.
      onOrigin(since(clock, startedMs), failure.reason !== 'aborted' || isTrouble(status));
      receiver.onFailure(failure);
    },
  };
}
