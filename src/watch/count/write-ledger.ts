/**
 * The ledger of writes: by write rule, how many copies its writes ended, how many of them clients asked for again, and how
 * many of those the origin answered with the same bytes: these were ended in vain.
 *
 * Promises: a copy counts once, for the first write that was seen to have ended it, whoever asks for it however often. What
 * the proxy fetches anew by itself is counted apart. A hit costs nothing here. Memory is bounded: of the last ten thousand
 * ended copies a short name is kept (about 2 MB); rules beyond 200 count as one.
 */

import { BoundedMap } from '../../kit/bounded-map.ts';
import type { EndedCopy, Endings } from '../../proxy/exchange/ended-copy.ts';

const kinds = ['ended', 'asked', 'same', 'changed', 'refilled'] as const;

/** `asked`: again, by clients; of these, `same` and `changed` answers. `refilled`: fetched anew before any client asked. */
export type WriteCounts = Readonly<Record<(typeof kinds)[number], number>>;

/** What a rule's writes ended within the last hour, and what has become of that. */
export type WriteLine = {
  readonly rule: string;
  readonly ended: number;
  readonly asked_again: number;
  readonly same: number;
  readonly changed: number;
  readonly refilled: number;
  readonly text: string;
};

/** What one ledger has counted of each rule, for another to `take`. */
export type WriteShare = readonly (readonly [rule: string, WriteCounts])[];

type Counts = Record<(typeof kinds)[number], number>;
type Slice = { readonly number: number; readonly counts: Counts };
type Rule = { readonly total: Counts; slices: Slice[] };
type Known = { readonly counts: readonly Counts[]; isAsked: boolean; isRenewed: boolean };

const most = { copies: 10_000, rules: 200 };
const sliceMs = 300_000;
const slicesOfHour = 12;
const none = (): Counts => ({ ended: 0, asked: 0, same: 0, changed: 0, refilled: 0 });

/** Counts by write rule. */
export class WriteLedger implements Endings {
  readonly #rules = new Map<string, Rule>();
  readonly #copies = new BoundedMap<string, Known>(most.copies);
  #drained: ReadonlyMap<string, WriteCounts> = new Map();
  #slice = 0;

  readonly onEnded = (copy: EndedCopy): void => {
    this.#known(copy);
  };

  readonly onAskedAgain = (copy: EndedCopy): void => {
    const known = this.#known(copy);
    if (!known.isAsked && !known.isRenewed) increase(known, 'asked');
    known.isAsked = true;
  };

  readonly onRenewed = (copy: EndedCopy, isSame: boolean): void => {
    const known = this.#known(copy);
    if (known.isRenewed) return;
    increase(known, !known.isAsked ? 'refilled' : isSame ? 'same' : 'changed');
    known.isRenewed = true;
  };

  turnTo(nowMs: number): void {
    this.#slice = Math.floor(nowMs / sliceMs);
  }

  /** Since the start. */
  totals(): Map<string, WriteCounts> {
    return new Map([...this.#rules].map(([name, { total }]) => [name, { ...total }]));
  }

  /** What was counted since the last call. The copies stay known here. */
  drain(): WriteShare {
    const before = this.#drained;
    this.#drained = this.totals();
    return [...this.#drained].map(([rule, counts]) => {
      const change = none();
      for (const kind of kinds) change[kind] = counts[kind] - (before.get(rule)?.[kind] ?? 0);
      return [rule, change];
    });
  }

  /** Counts what another ledger has counted. */
  take(share: WriteShare): void {
    for (const [name, counts] of share) {
      const { total, slices } = this.#rule(name);
      for (const one of [total, this.#sliceOf(slices)]) for (const kind of kinds) one[kind] += counts[kind];
    }
  }

  /** Those that ended most in vain first. */
  lastHour(): WriteLine[] {
    return [...this.#rules]
      .map(([rule, { slices }]) => lineOf(rule, sumOf(slices.filter((slice) => this.#isRecent(slice)))))
      .filter(({ ended }) => ended > 0)
      .sort((one, other) => other.same - one.same || other.ended - one.ended);
  }

  #known({ name, rule }: EndedCopy): Known {
    const before = this.#copies.get(name);
    if (before !== undefined) return before;
    const { total, slices } = this.#rule(rule);
    const known = { counts: [total, this.#sliceOf(slices)], isAsked: false, isRenewed: false };
    this.#copies.set(name, known);
    increase(known, 'ended');
    return known;
  }

  #rule(name: string): Rule {
    const kept = this.#rules.has(name) || this.#rules.size < most.rules ? name : '(other)';
    const rule = this.#rules.get(kept) ?? { total: none(), slices: [] };
    this.#rules.set(kept, rule);
    return rule;
  }

  /** What becomes of a copy counts where its end was counted, so that each line is about the same copies. */
  #sliceOf(slices: Slice[]): Counts {
    const last = slices.at(-1);
    if (last?.number === this.#slice) return last.counts;
    const next = { number: this.#slice, counts: none() };
    slices.push(next);
    if (slices.length > slicesOfHour) slices.shift();
    return next.counts;
  }

  #isRecent({ number }: Slice): boolean {
    return number > this.#slice - slicesOfHour && number <= this.#slice;
  }
}

function increase({ counts }: Known, kind: keyof Counts): void {
  for (const one of counts) one[kind] += 1;
}

function sumOf(slices: readonly Slice[]): WriteCounts {
  const sum = none();
  for (const { counts } of slices) for (const kind of kinds) sum[kind] += counts[kind];
  return sum;
}

function lineOf(rule: string, counts: WriteCounts): WriteLine {
  const { ended, asked, same, changed, refilled } = counts;
  return { rule, ended, asked_again: asked, same, changed, refilled, text: sentenceOf(counts) };
}

function sentenceOf({ ended, asked, same }: WriteCounts): string {
  const isOne = ended === 1;
  const copies = `this write ended ${isOne ? 'one copy' : `${ended} copies`} in the last hour`;
  if (asked === 0) return `${copies}; nobody has asked for ${isOne ? 'it' : 'them'} again`;
  const again = `${copies}; people asked for ${isOne ? 'it' : `${asked} of them`} again`;
  if (same === 0) return again;
  return `${again} and got the same bytes${same === asked ? '' : ` for ${same}`}`;
}
