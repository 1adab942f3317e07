/**
 * What a purge ended and people ask for is fetched again (`purge.refill`), before they do.
 *
 * A purge is a record in a log; which entries it ended is found by looking at those people ask for. Purges that come close
 * together are looked at once.
 */

import { type Seconds, seconds } from '../kit/time.ts';
import type { Purge } from '../store/purge-log.ts';
import { askAhead, type AskParts } from './ask-ahead.ts';
import { type Demand, type Wanted, worthOf } from './demand.ts';
import { storedNow } from './renewal.ts';

/** Asked for less than this lately, it is left until somebody asks. */
const leastWeight = 1.5;
const settle = seconds(0.05);
/** Looking at more at once would hold up clients. */
const lookedAtOnce = 500;

export type RefillOptions = {
  readonly asking: AskParts;
  readonly demand: Demand;
  readonly later: (delay: Seconds, action: () => void) => () => void;
};

/** Told of every purge. */
export class Refill {
  readonly #options: RefillOptions;
  #cancel: (() => void) | undefined;
  /** A purge came while what the one before ended was looked for. */
  #isAgain = false;

  constructor(options: RefillOptions) {
    this.#options = options;
  }

  onPurge({ soft, cause }: Pick<Purge, 'soft' | 'cause'>): void {
    const { parts } = this.#options.asking;
    // A reload's purge ends what was stored by other rules; a soft one leaves it to be validated when it is asked for.
    if (soft || cause === 'reload' || !parts.site().config.purge.refill) return;
    if (this.#cancel === undefined) this.#plan();
    else this.#isAgain = true;
  }

  close(): void {
    this.#cancel?.();
  }

  #plan(): void {
    const { demand, later } = this.#options;
    this.#isAgain = false;
    this.#cancel = later(settle, () => {
      this.#isAgain = false;
      this.#look(demand.hottest(Number.MAX_SAFE_INTEGER, leastWeight), 0);
    });
  }

  #look(wanted: readonly Wanted[], from: number): void {
    const { asking, later } = this.#options;
    const to = from + lookedAtOnce;
    for (const one of wanted.slice(from, to)) if (isPurged(asking, one)) void refetch(asking, one);
    if (to < wanted.length) {
      this.#cancel = later(seconds(0), () => {
        this.#look(wanted, to);
      });
      return;
    }
    this.#cancel = undefined;
    if (this.#isAgain) this.#plan();
  }
}

function isPurged({ parts }: AskParts, one: Wanted): boolean {
  const entry = storedNow(parts, one);
  if (entry === undefined) return false;
  const verdict = parts.purgeLog.verdict(entry);
  return verdict.kind === 'purged' && verdict.cause !== 'reload' && verdict.cause !== 'forgotten';
}

const refetch = (asking: AskParts, one: Wanted): Promise<unknown> =>
  askAhead(
    asking,
    { ...one.form, isPersonal: false },
    { worth: worthOf(one), isYoung: () => true, key: one.key },
  );
