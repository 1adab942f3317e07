/**
 * Tracks whether the origin answers, by one breaker over all exchanges, for clients and in the background.
 *
 * It refuses no client. While it is not closed, a client that may get a stored response gets it at once, and background
 * fetches wait, except one probe at a time. All other exchanges go on, and their results count too.
 * Promises: only consecutive failures open it; any other answer closes it at once. The longest pause plus a probe's
 * time limit is 5 s, within which a recovery is noticed. Times are monotonic milliseconds, passed in.
 */

import type { OriginTrouble } from '../http/reuse.ts';
import { Breaker } from '../kit/breaker.ts';
import { type Seconds, seconds } from '../kit/time.ts';
import type { FailureReason } from './failure.ts';
import { breakerVerdict, type OriginNews } from './trouble.ts';

export type Probe = { readonly startedMs: number };

export type OriginTiming = {
  readonly startedMs: number;
  readonly nowMs: number;
  readonly probe: Probe | undefined;
};

type Admission =
  { readonly kind: 'free' } | { readonly kind: 'held' } | { readonly kind: 'probe'; readonly probe: Probe };

/** The breaker opened, with the last failure, or closed. */
export type OriginChange =
  | { readonly breaker: 'open'; readonly why: FailureReason | `status-${number}` }
  | { readonly breaker: 'closed' };

/** What callers of the origin use, which may have something else in its place. */
export type OriginCondition = Pick<OriginHealth, keyof OriginHealth>;

const threshold = 5;
const firstPauseMs = 500;
const longestPauseMs = 3000;
const calmMs = 10_000;

/** How long a probe may wait for an answer before another may start. */
export const probePatience: Seconds = seconds(2);

/** The health of the origin. */
export class OriginHealth {
  readonly #breaker: Breaker;
  #probe: Probe | undefined;
  #trouble: OriginTrouble = 'disconnected';
  #why: Extract<OriginChange, { breaker: 'open' }>['why'] = 'refused';
  #restUntilMs = -Infinity;

  /** `onChange` is called when the breaker opens and closes, not for probes in between. */
  constructor(onChange?: (change: OriginChange) => void) {
    let wasOpen = false;
    const tell = (isOpen: boolean): void => {
      if (isOpen === wasOpen) return;
      wasOpen = isOpen;
      onChange?.(isOpen ? { breaker: 'open', why: this.#why } : { breaker: 'closed' });
    };
    this.#breaker = new Breaker({
      threshold,
      firstPauseMs,
      longestPauseMs,
      calmMs,
      onChange: ({ kind }) => {
        tell(kind !== 'closed');
      },
    });
  }

  get isClosed(): boolean {
    return this.#breaker.isClosed;
  }

  /** How the origin last failed, which decides whether a stored response may stand in (RFC 9111 §4.2.4). */
  get trouble(): OriginTrouble {
    return this.#trouble;
  }

  pauseMs(nowMs: number): number {
    const { state } = this.#breaker;
    if (state.kind === 'closed') return 0;
    if (state.kind === 'half-open') return probePatience * 1000;
    return Math.max(0, Math.max(state.until, this.#restUntilMs) - nowMs);
  }

  /** Admits a background fetch. The exchange of a probe must carry its mark, or the probe must be given up. */
  admit(nowMs: number): Admission {
    if (this.isClosed) return { kind: 'free' };
    if (this.pauseMs(nowMs) > 0 || !this.#breaker.beginProbe(nowMs)) return { kind: 'held' };
    this.#probe = { startedMs: nowMs };
    return { kind: 'probe', probe: this.#probe };
  }

  /** Ends a probe without an answer in time; `false`: it was answered, or another exchange already decided. */
  giveUp(probe: Probe, nowMs: number): boolean {
    if (probe !== this.#probe) return false;
    this.#probe = undefined;
    this.#breaker.endProbe(nowMs, false);
    return true;
  }

  heard(news: OriginNews, { startedMs, nowMs, probe }: OriginTiming): void {
    const verdict = breakerVerdict(news);
    if (verdict === 'well') {
      this.#probe = undefined;
      if (this.isClosed) this.#breaker.succeeded();
      else this.#breaker.close(nowMs);
      return;
    }
    if (verdict === 'failure') this.#note(news);
    const { state } = this.#breaker;
    if (probe === undefined || !this.giveUp(probe, nowMs)) {
      // An exchange that began before the breaker closed and fails afterwards says nothing about now.
      const isLate = state.kind === 'closed' && startedMs < state.since;
      if (verdict === 'failure' && !isLate) this.#breaker.failed(nowMs);
    }
    if (this.#breaker.state !== state && !this.isClosed) this.#rest(news, nowMs);
  }

  #note(news: OriginNews): void {
    this.#trouble = news.kind === 'answered' ? 'error' : 'disconnected';
    this.#why = news.kind === 'answered' ? `status-${news.status}` : news.reason;
  }

  /** RFC 9110 §10.2.3: a 503 may say how long it expects to last; we wait at most the longest pause. */
  #rest(news: OriginNews, nowMs: number): void {
    const asked = news.kind === 'answered' && news.status === 503 ? (news.retryAfter ?? 0) : 0;
    this.#restUntilMs = nowMs + Math.min(asked * 1000, longestPauseMs);
  }
}
