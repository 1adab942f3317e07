/**
 * What the origin has to do at the moment, and how it does: its exchanges are watched where they are begun, those for
 * clients and those in the background alike. (What @fastify/http-proxy sends goes by connections of its own.)
 */

import type { Clock } from '../kit/time.ts';
import type { OriginReceiver } from '../origin/exchange.ts';
import type { Origin } from '../origin/origin.ts';
import type { OriginSample } from './pressure.ts';

/** Exchanges under way. */
export type OriginLoad = {
  /** All, streams that go on for hours included. */
  readonly inFlight: () => number;
  /** Those whose answer has not begun. */
  readonly waiting: () => number;
};

export type OriginListener = {
  /** Told of every answer's beginning, and of failures. */
  readonly onSample: (sample: OriginSample) => void;
  /** Told of every exchange's end. */
  readonly onRoom: () => void;
};

/** Watches an origin from now on. */
export function watchOrigin(origin: Origin, clock: Clock, { onSample, onRoom }: OriginListener): OriginLoad {
  let inFlight = 0;
  let waiting = 0;
  const send = origin.send.bind(origin);
  origin.send = (request, receiver) => {
    const startedMs = clock.monotonicMs();
    let isWaiting = true;
    inFlight += 1;
    waiting += 1;
    const begun = (): boolean => {
      if (!isWaiting) return false;
      isWaiting = false;
      waiting -= 1;
      return true;
    };
    const sample = (isError: boolean): void => {
      onSample({ headMs: clock.monotonicMs() - startedMs, isError });
    };
    const watched: OriginReceiver = {
      onInformation: (status, fields) => receiver.onInformation?.(status, fields),
      onHead: (head) => {
        if (begun()) sample(head.status === 429 || (head.status >= 500 && head.status !== 501));
        receiver.onHead(head);
      },
      onData: (chunk) => receiver.onData(chunk),
      onEnd: (trailers) => {
        inFlight -= 1;
        receiver.onEnd(trailers);
        onRoom();
      },
      onFailure: (failure) => {
        inFlight -= 1;
        // A client that leaves is no fault of the origin's; a body cut short was begun in good time.
        if (begun() && failure.reason !== 'aborted') sample(true);
        receiver.onFailure(failure);
        onRoom();
      },
    };
    return send(request, watched);
  };
  return { inFlight: () => inFlight, waiting: () => waiting };
}
