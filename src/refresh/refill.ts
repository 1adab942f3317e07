/**
 * Fetches popular responses again after a purge ended them (`purge.refill`).
 *
 * A purge is a record in a log; which entries it ended is found by checking the popular ones. Purges close together are
 * checked together.
 */

import { type Seconds, seconds } from '../kit/time.ts';
import type { Purge } from '../store/purge-log.ts';
import { askAhead, type Asking } from './ask-ahead.ts';
import { type Demand, type Wanted, worthOf } from './demand.ts';
import { storedNow } from './renewal.ts';

const leastWeight = 1.5;
const settle = seconds(0.05);
/** Checking more at once would delay clients. */
const lookedAtOnce = 500;

export type RefillOptions = {
  readonly asking: Asking;
  readonly demand: Demand;
  readonly later: (delay: Seconds, action: () => void) => () => void;
};

/** Called for every purge. */
export class Refill {
  readonly #options: RefillOptions;
  #cancel: (() => void) | undefined;
  /** Whether a purge arrived during the check of the previous one. */
  #isAgain = false;

  constructor(options: RefillOptions) {
    this.#options = options;
  }

  onPurge({ soft, cause }: Pick<Purge, 'soft' | 'cause'>): void {
    // A reload ends what other rules stored; after a soft purge entries are validated when they are requested.
    if (soft || cause === 'reload' || !this.#options.asking.services().site().config.purge.refill) return;
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

function isPurged(asking: Asking, one: Wanted): boolean {
  const services = asking.services();
  const entry = storedNow(services, one);
  if (entry === undefined) return false;
  const verdict = services.purgeLog.verdict(entry);
  return verdict.kind === 'purged' && verdict.cause !== 'reload' && verdict.cause !== 'forgotten';
}

const refetch = (asking: Asking, one: Wanted): Promise<unknown> =>
  askAhead(
    asking,
    { ...one.form, isPersonal: false },
    { worth: worthOf(one), isYoung: () => true, key: one.key },
  );
