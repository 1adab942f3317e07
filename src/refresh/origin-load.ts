/**
 * What the origin has to do at the moment, and how it does: all calls, for clients and in the background, reads and writes,
 * for they share its connections. Of a WebSocket the handshake.
 */

import type { CallListener } from '../origin/call-listener.ts';
import { asksForLess } from '../origin/trouble.ts';
import type { OriginSample } from './pressure.ts';

export type OriginLoadListener = {
  /** Called when an answer begins, and for failures. */
  readonly onSample: (sample: OriginSample) => void;
  readonly onRoom: () => void;
};

/** Calls under way. */
export class OriginLoad {
  readonly #listener: OriginLoadListener;
  #inFlight = 0;
  #waiting = 0;

  constructor(listener: OriginLoadListener) {
    this.#listener = listener;
  }

  /** All of them, hour-long streams included. */
  readonly inFlight = (): number => this.#inFlight;

  /** Those whose answer has not begun. */
  readonly waiting = (): number => this.#waiting;

  readonly listener: CallListener = {
    onBegin: () => {
      this.#inFlight += 1;
      this.#waiting += 1;
    },
    onAnswer: (news, { startedMs, nowMs, hasBody }) => {
      this.#waiting -= 1;
      // With a body the origin waits for the client: its time says nothing about the origin.
      if (news === undefined || hasBody) return;
      // A client that leaves is not the origin's fault.
      if (news.kind === 'failed' && news.reason === 'aborted') return;
      this.#listener.onSample({ headMs: nowMs - startedMs, isError: asksForLess(news) });
    },
    onEnd: () => {
      this.#inFlight -= 1;
      this.#listener.onRoom();
    },
  };
}
