/**
 * Finds the copies that writes ended and nobody has asked for since: a purge is a record in a log, so nothing tells when it
 * ends something.
 *
 * Promise: a step looks at a few hundred copies in memory, and at none while nothing was purged since the last full round.
 */

import { endedCopy } from '../../proxy/exchange/ended-copy.ts';
import type { Position, PurgeLog } from '../../store/purge-log.ts';
import type { Store, StoredSubject } from '../../store/store.ts';
import type { WriteLedger } from './write-ledger.ts';

export type SweepOptions = {
  readonly store: Pick<Store, 'subjects'>;
  readonly purgeLog: Pick<PurgeLog, 'position' | 'verdict'>;
  readonly ledger: Pick<WriteLedger, 'onEnded'>;
};

const lookedAtOnce = 300;

/** Walks over the copies in memory. */
export class EndedSweep {
  readonly #options: SweepOptions;
  #round: Iterator<StoredSubject> | undefined;
  /** The log's place when the last round began. */
  #place: Position | undefined;

  constructor(options: SweepOptions) {
    this.#options = options;
  }

  step(): void {
    const { store, purgeLog, ledger } = this.#options;
    if (this.#round === undefined) {
      const place = purgeLog.position();
      if (isSamePlace(this.#place, place)) return;
      this.#place = place;
      this.#round = store.subjects()[Symbol.iterator]();
    }
    for (let looked = 0; looked < lookedAtOnce; looked += 1) {
      const next = this.#round.next();
      if (next.done === true) {
        this.#round = undefined;
        return;
      }
      const copy = endedCopy(next.value, purgeLog.verdict(next.value));
      if (copy !== undefined) ledger.onEnded(copy);
    }
  }
}

const isSamePlace = (one: Position | undefined, other: Position): boolean =>
  one?.log === other.log && one.seq === other.seq && one.own?.seq === other.own?.seq;
