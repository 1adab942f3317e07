/** What an advice is, in the words of the control API: the evidence, the change of the rules file, and an example that tests it. */

import type { SharedDoubt } from './same-for-all.ts';

/**
 * A change of one place of the rules file: a value, or an item of a list. `from`: what is in force there, a lifetime or the name of
 * a write rule; absent: nothing is assumed.
 */
export type Patch = {
  readonly op: 'set' | 'add' | 'remove';
  readonly path: readonly (string | number)[];
  readonly value: unknown;
  readonly from?: string;
};

/** An example for `shelflife test`, as it is written in the file. */
export type ExampleDraft = {
  readonly name: string;
  readonly request: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly cookies?: Readonly<Record<string, string>>;
  readonly expect: Readonly<Record<string, unknown>>;
};

/** A share between 0 and 1 with its 95 % interval. */
export type ShareView = { readonly share: number; readonly interval: readonly [number, number] };

/** `null`: unbounded. */
export type RateView = {
  readonly per_day: number | null;
  readonly interval: readonly [number, number | null];
};

export type LifetimeEvidence = {
  /** Intervals between two looks at the same page, and in how many of them it changed. */
  readonly intervals: number;
  readonly changed: number;
  /** Changes that cannot have been one: their intervals do not overlap. */
  readonly moments: number;
  readonly observed_seconds: number;
  readonly changes: RateView;
  /** How long copies live now, on average. */
  readonly lifetime_seconds: number;
  readonly stale_now: ShareView;
  readonly stale_then: ShareView;
  /** Negative: so many more. */
  readonly fetches_saved_per_day: number;
  readonly origin_seconds_saved_per_day: number;
  readonly routes: readonly ChangeView[];
  readonly hours: readonly ChangeView[];
};

export type ChangeView = {
  readonly name: string;
  readonly intervals: number;
  readonly changed: number;
  readonly changes: RateView;
};

export type LifetimeAdvice = {
  /** The same for the same advice, whenever it is asked for. */
  readonly id: string;
  readonly kind: 'longer' | 'shorter';
  readonly type: string;
  readonly from: string;
  readonly to: string;
  readonly evidence: LifetimeEvidence;
  readonly patch: Patch;
  /** The patch as it would be written. */
  readonly yaml: string;
  readonly example: ExampleDraft;
};

/** Pairs of answers that differ in this part of the request only; of `missing-vary`, answers whose `Vary` names it. */
export type InputEvidence = {
  readonly pairs: number;
  readonly differing: number;
  readonly values: number;
  /** Different bodies among the pairs. */
  readonly pages: number;
  readonly fetches_saved_per_day: number;
};

export type InputAdvice = {
  readonly id: string;
  readonly kind: 'ignore-query' | 'needless-vary' | 'missing-vary';
  readonly type: string;
  /** Of the parameter, the field or the cookie. */
  readonly name: string;
  /** Absent: it is not a cookie. */
  readonly in?: 'cookie';
  readonly evidence: InputEvidence;
  readonly patch: Patch;
  readonly yaml: string;
  readonly example: ExampleDraft;
};

/** Of `missing-write`: looks at pages of a route with such a write between them. Of `needless-write`: ended copies asked for again. */
export type WriteEvidence = {
  readonly route: string | null;
  /** How many different writes were followed by a change. */
  readonly writes: number;
  readonly intervals: number;
  readonly changed: number;
  readonly confidence: ShareView;
  /** The same where the write was just before the interval. */
  readonly shifted_intervals: number;
  readonly shifted_changed: number;
  /** And where there was none. */
  readonly other_intervals: number;
  readonly other_changed: number;
};

export type WriteAdvice = {
  readonly id: string;
  readonly kind: 'missing-write' | 'needless-write';
  /** The content type whose pages change, or the tag that ends what does not. */
  readonly type: string;
  /** Of the write: its pattern, or its rule. */
  readonly name: string;
  readonly evidence: WriteEvidence;
  readonly patch: Patch;
  readonly yaml: string;
  readonly example: ExampleDraft;
};

/** What different people got of the pages of a `user` route. */
export type SharedEvidence = {
  readonly people: number;
  /** Answers that were the same bytes as another person's; of them, those to people without credentials. */
  readonly answers: number;
  readonly anonymous: number;
  /** Different bodies among them. */
  readonly pages: number;
  readonly fetches_saved_per_day: number;
  readonly origin_seconds_saved_per_day: number;
};

/** `name`: its routes. */
export type PublicAdvice = {
  readonly id: string;
  readonly kind: 'could-be-public';
  readonly type: string;
  readonly name: string;
  readonly evidence: SharedEvidence;
  readonly patch: Patch;
  readonly yaml: string;
  readonly example: ExampleDraft;
};

/** A `user` route whose answers were the same for several people, and what speaks against making it public. */
export type SharedView = SharedEvidence & {
  readonly type: string;
  readonly route: string;
  readonly doubts: readonly SharedDoubt[];
};

export type Advice = LifetimeAdvice | InputAdvice | WriteAdvice | PublicAdvice;

/** `text`: what could be changed. `reasons`: what speaks for it. */
export type AdviceWords = { readonly text: string; readonly reasons: readonly string[] };

/** With its words. */
export type AdviceView = Advice & AdviceWords;

export type AdviceReport = {
  readonly since: string;
  /** The share of pages that are looked at; less than 1 where more is stored than can be. */
  readonly sample: number;
  /** How many intervals between two looks at the same page were seen. */
  readonly intervals: number;
  readonly advices: readonly AdviceView[];
};
