/**
 * Was a copy that was given, or would have been, what the origin gives now?
 *
 * Promises: what differs between two answers in short succession, with no write between them, is noise and is named; it
 * neither counts as stale nor hides what does. What cannot be judged is counted as that.
 */

import { combinedValue } from '../http/fields.ts';
import type { Clock } from '../kit/time.ts';
import { compareBodies, type Comparison, type Difference } from './compare-bodies.ts';
import { beyondNoise, noiseOf } from './noise.ts';
import type { NoiseBook } from './noise-book.ts';
import type { WholeAnswer } from './recorded-answer.ts';
import type { WritesSeen } from './writes-seen.ts';

/** Why a copy was not judged. */
export type Unjudged =
  | 'no-answer'
  | 'origin-error'
  | 'head'
  | 'not-modified'
  | 'too-large'
  | 'unseen'
  | 'ended'
  | 'not-sampled'
  | 'not-comparable';

export type Judgement =
  | { readonly kind: 'same' }
  | { readonly kind: 'noise' | 'stale'; readonly places: readonly Difference[] }
  | { readonly kind: 'unjudged'; readonly reason: Unjudged };

export type Case = {
  readonly pattern: string;
  readonly copy: { readonly status: number; readonly body: Buffer | undefined };
  readonly answer: WholeAnswer;
  /** Asks the origin once more, for the same identity; `undefined`: it was not to be asked. */
  readonly again: () => Promise<WholeAnswer | undefined>;
};

export type JudgeOptions = {
  readonly noise: NoiseBook;
  readonly writes: Pick<WritesSeen, 'count'>;
  readonly clock: Clock;
};

const unjudged = (reason: Unjudged): Judgement => ({ kind: 'unjudged', reason });

/** Judges a copy that is not byte for byte what the origin gives. */
export function judge(options: JudgeOptions, given: Case): Judgement | Promise<Judgement> {
  const { noise, clock } = options;
  const { pattern, copy, answer } = given;
  if (answer.status >= 500 || answer.status === 429) return unjudged('origin-error');
  if (answer.status !== copy.status) return { kind: 'stale', places: [statusPlace(copy, answer)] };
  const known = noise.of(pattern, clock.now());
  if (copy.body === undefined)
    return known.length > 0 ? unjudged('not-sampled') : { kind: 'stale', places: [] };
  const found = compareBodies(copy.body, answer.body, typeOf(answer));
  if (found.kind === 'same') return found;
  const left = beyondNoise(found.places, known);
  if (found.places.length > 0 && left.length === 0) return { kind: 'noise', places: found.places };
  if (noise.isDue(pattern, clock.now())) return judgeAgain(options, given, found);
  return { kind: 'stale', places: left };
}

const statusPlace = (copy: { readonly status: number }, { status }: WholeAnswer): Difference => ({
  name: '/status',
  copy: String(copy.status),
  now: String(status),
});

const typeOf = ({ fields }: WholeAnswer): string => combinedValue(fields, 'content-type') ?? '';

async function judgeAgain(
  { noise, writes, clock }: JudgeOptions,
  { pattern, answer, again }: Case,
  { places }: Extract<Comparison, { kind: 'differs' }>,
): Promise<Judgement> {
  const before = writes.count;
  const second = await again();
  const now = clock.now();
  // After a write the difference may be news.
  if (second?.status === answer.status && writes.count === before) {
    const change = compareBodies(answer.body, second.body, typeOf(answer));
    if (change.kind === 'differs' && change.places.length === 0) return unjudged('not-comparable');
    if (change.kind === 'differs') noise.learn(pattern, noiseOf(change.places), now);
  }
  const left = beyondNoise(places, noise.of(pattern, now));
  return left.length === 0 && places.length > 0 ? { kind: 'noise', places } : { kind: 'stale', places: left };
}
