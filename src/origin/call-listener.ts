/**
 * A call is one request to the origin and its answer, whoever makes it: a fetch, a pass, a write. Its listeners are given
 * when the origin is opened: the breaker, the counters, the governor.
 *
 * Promises: a listener hears of each call's begin, then of its answer, then of its end, each exactly once. What begins to
 * count at one of them can be counted down at the next.
 */

import { type Clock, type Seconds, seconds } from '../kit/time.ts';
import type { FailureReason } from './failure.ts';
import type { OriginNews, OriginTiming, Probe } from './origin-health.ts';

/** Hears of every call. Each function returns at once and throws nothing. */
export type CallListener = {
  /** The request is sent, or waits for a connection. */
  readonly onBegin?: () => void;
  /** The answer has begun, or the call ends without one. `undefined`: without one, for a reason that says nothing of the origin. */
  readonly onAnswer?: (news: OriginNews | undefined, timing: CallTiming) => void;
  /** The connection was dead, and the same request is sent once more: the origin may see two. */
  readonly onRepeat?: (duration: Seconds) => void;
  /** It is over, and whoever made it knows. */
  readonly onEnd?: (end: CallEnd) => void;
};

/** `hasBody`: the request has one, whose client may take its time. */
export type CallTiming = OriginTiming & { readonly hasBody: boolean };

/** How a call ended; `status` is 0 where no answer began, `failure` is undefined where it came to its end. */
export type CallEnd = {
  readonly duration: Seconds;
  readonly status: number;
  readonly failure: FailureReason | undefined;
};

export type CallTellerOptions = {
  readonly clock: Clock;
  readonly listeners: readonly CallListener[];
  readonly probe: Probe | undefined;
  readonly hasBody: boolean;
};

/** Tells the listeners of one call. */
export class CallTeller {
  readonly #options: CallTellerOptions;
  readonly #startedMs: number;
  #isAnswered = false;
  #hasEnded = false;
  #status = 0;

  /** The call begins. */
  constructor(options: CallTellerOptions) {
    this.#options = options;
    this.#startedMs = options.clock.monotonicMs();
    for (const { onBegin } of options.listeners) onBegin?.();
  }

  /** The head of its answer is there. */
  answered(status: number, retryAfter: Seconds | undefined): void {
    this.#status = status;
    this.#answer({ kind: 'answered', status, retryAfter });
  }

  /** The request is sent once more. */
  repeats(): void {
    for (const { onRepeat } of this.#options.listeners) onRepeat?.(this.#duration());
  }

  /** It failed. `tells`: for a reason that says something of the origin. To be followed by `ended`. */
  failed(reason: FailureReason, tells: boolean): void {
    this.#answer(tells ? { kind: 'failed', reason } : undefined);
  }

  /** It is over. */
  ended(failure?: FailureReason): void {
    if (this.#hasEnded) return;
    this.#answer(undefined);
    this.#hasEnded = true;
    const end: CallEnd = { duration: this.#duration(), status: this.#status, failure };
    for (const { onEnd } of this.#options.listeners) onEnd?.(end);
  }

  #answer(news: OriginNews | undefined): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    const { listeners, clock, probe, hasBody } = this.#options;
    const timing = { startedMs: this.#startedMs, nowMs: clock.monotonicMs(), probe, hasBody };
    for (const { onAnswer } of listeners) onAnswer?.(news, timing);
  }

  #duration(): Seconds {
    return seconds((this.#options.clock.monotonicMs() - this.#startedMs) / 1000);
  }
}
