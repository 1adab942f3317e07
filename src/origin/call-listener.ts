/**
 * Notifies listeners of calls. A call is one request to the origin and its answer, made by a fetch, a pass or a write.
 *
 * Promise: a listener hears of each call's start, then of its answer, then of its end, each exactly once.
 */

import { type Clock, type Seconds, seconds } from '../kit/time.ts';
import type { FailureReason } from './failure.ts';
import type { OriginTiming, Probe } from './origin-health.ts';
import type { OriginNews } from './trouble.ts';

/** Its functions return at once and never throw. */
export type CallListener = {
  readonly onBegin?: () => void;
  /** The answer began, or will not come; `undefined`: for a reason that says nothing about the origin. */
  readonly onAnswer?: (news: OriginNews | undefined, timing: CallTiming) => void;
  /** The connection was dead, and the request is sent once more: the origin may see two. */
  readonly onRepeat?: (duration: Seconds) => void;
  readonly onEnd?: (end: CallEnd) => void;
};

type CallTiming = OriginTiming & { readonly hasBody: boolean };

type CallEnd = {
  readonly duration: Seconds;
  readonly status: number;
  readonly failure: FailureReason | undefined;
};

type CallTellerOptions = {
  readonly clock: Clock;
  readonly listeners: readonly CallListener[];
  readonly probe: Probe | undefined;
  readonly hasBody: boolean;
};

/** Notifies the listeners of one call. */
export class CallTeller {
  readonly #options: CallTellerOptions;
  readonly #startedMs: number;
  #isAnswered = false;
  #hasEnded = false;
  #status = 0;

  constructor(options: CallTellerOptions) {
    this.#options = options;
    this.#startedMs = options.clock.monotonicMs();
    for (const { onBegin } of options.listeners) onBegin?.();
  }

  answered(status: number, retryAfter: Seconds | undefined): void {
    this.#status = status;
    this.#answer({ kind: 'answered', status, retryAfter });
  }

  repeats(): void {
    for (const { onRepeat } of this.#options.listeners) onRepeat?.(this.#duration());
  }

  /** The call failed. `tells`: the reason says something about the origin. `ended` must follow. */
  failed(reason: FailureReason, tells: boolean): void {
    this.#answer(tells ? { kind: 'failed', reason } : undefined);
  }

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
