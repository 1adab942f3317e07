/** The writes of late: what may have changed a page between the time it was copied and now. Bounded. */

import type { Clock, EpochMs } from '../kit/time.ts';
import type { Outcome } from '../proxy/exchange/outcome.ts';
import { urlPattern } from './url-pattern.ts';

export type WriteSeen = { readonly at: EpochMs; readonly method: string; readonly pattern: string };

const most = 512;

/** Hears of every outcome. */
export class WritesSeen {
  readonly #writes: WriteSeen[] = [];
  readonly #onSeen: (write: WriteSeen) => void;
  count = 0;

  /** `onSeen` hears of each write that an outcome tells of. */
  constructor(onSeen: (write: WriteSeen) => void = () => undefined) {
    this.#onSeen = onSeen;
  }

  /** The time is asked for where it matters: most outcomes are hits. */
  onOutcome({ kind, method, target, pass, status }: Outcome, clock: Pick<Clock, 'now'>): void {
    const isWrite = pass === 'method' || pass === 'write-rule' || pass === 'method-override';
    // A refused write changed nothing; one whose end is unknown may have.
    if (!isWrite || method === 'OPTIONS' || (kind === 'pass' && status >= 400 && status < 500)) return;
    const write = { at: clock.now(), method, pattern: urlPattern(target) };
    this.take(write);
    this.#onSeen(write);
  }

  /** One that another process has seen. */
  take(write: WriteSeen): void {
    this.count += 1;
    this.#writes.push(write);
    if (this.#writes.length > most) this.#writes.shift();
  }

  /** Those after an instant, up to another; none, if older ones are forgotten already. */
  between(from: EpochMs, to: EpochMs): readonly WriteSeen[] {
    const [oldest] = this.#writes;
    if (oldest === undefined || (this.count > this.#writes.length && oldest.at > from)) return [];
    const found: WriteSeen[] = [];
    for (let at = this.#writes.length - 1; at >= 0; at -= 1) {
      const write = this.#writes[at];
      if (write === undefined || write.at <= from) break;
      if (write.at <= to) found.unshift(write);
    }
    return found;
  }

  /** Those after `since`, the last first. */
  after(since: EpochMs, limit: number): WriteSeen[] {
    const found: WriteSeen[] = [];
    for (let at = this.#writes.length - 1; at >= 0 && found.length < limit; at -= 1) {
      const write = this.#writes[at];
      if (write === undefined || write.at <= since) break;
      found.push(write);
    }
    return found;
  }
}
