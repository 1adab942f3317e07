/**
 * Decides what a write makes stale (CONTRACT §2 "Details that matter", §2.2).
 *
 * A write rule ends what it lists; where a condition cannot be decided, the rules after it count too. An unsafe request also ends its own URL and those its answer names; without a rule it
 * ends what `unmatched_writes` says. Only a 4xx and a request that never reached the origin end nothing: a write that got
 * a 5xx, or no answer, may have been carried out.
 *
 * Entries of `standard` follow RFC 9111 §4.4 alone, whatever the rules say.
 */

import type { Config } from '../../config/config.ts';
import { isUnsafeMethod } from '../../http/invalidation.ts';
import type { Fields } from '../../http/message.ts';
import { applying, type Decide } from './exchange-conditions.ts';
import type { WriteMatch } from './rules.ts';
import { type Tag, renderTags } from './tags.ts';

/** How a request ended. `unknown`: it was sent, but no complete head came back. */
export type WriteOutcome =
  | {
      readonly kind: 'response';
      readonly status: number;
      readonly fields: Fields;
      /** Whole; absent: not read. */
      readonly body?: Buffer | undefined;
    }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'never-sent' };

export type WriteQuestion = {
  readonly matches: readonly (readonly WriteMatch[])[];
  readonly decide: Decide;
  readonly method: string;
  readonly outcome: WriteOutcome;
  readonly unmatchedWrites: Config['unmatchedWrites'];
  readonly target: string;
  /** Canonical path and query of a same-origin `Location` and `Content-Location` of the answer. */
  readonly related: readonly string[];
  readonly user: string | undefined;
};

export type WriteEffect = {
  readonly tags: readonly Tag[];
  /** Canonical path and query; empty for safe methods. */
  readonly urls: readonly string[];
  /** Which entries at `urls`: those stored by rules, those of `standard`, or both. */
  readonly reach: 'rules' | 'standard' | 'both';
  readonly user: boolean;
  readonly skipped: readonly string[];
  /** The rule that it is for: of several, the first that lists something. Undefined: of no rule. */
  readonly rule: string | undefined;
};

/** What a request makes stale; `nothingStale` for most. */
export function writeEffect(question: WriteQuestion): WriteEffect {
  const { method, outcome, unmatchedWrites, target, related, user } = question;
  const isUnsafe = isUnsafeMethod(method);
  const found = question.matches.map((candidates) => applying(candidates, question.decide));
  const listed = found.flatMap(({ rules }) => rules);
  if ((listed.length === 0 && !isUnsafe) || !mayHaveActed(outcome)) return nothingStale;
  const rendered = listed.map((match) => listedTags(match, { target, outcome, user }));
  const tags = [...new Set(rendered.flatMap((one) => one.tags))];
  const skipped = [...new Set(rendered.flatMap((one) => one.skipped))];
  const rulesToo = listed.length > 0 || unmatchedWrites.url;
  // To an origin that reads the path otherwise it may be a write no rule knows.
  const isUnmatched = isUnsafe && found.some((one) => one.isUnmatched);
  const standardToo = followsRfc(outcome);
  const urls = isUnsafe && (rulesToo || standardToo) ? [...new Set([target, ...related])] : [];
  const reach = rulesToo && standardToo ? 'both' : rulesToo ? 'rules' : 'standard';
  const rule = (listed[rendered.findIndex((one) => one.tags.length > 0)] ?? listed[0])?.rule.name;
  return { tags, urls, reach, user: isUnmatched && unmatchedWrites.user, skipped, rule };
}

export const nothingStale: WriteEffect = Object.freeze({
  tags: [],
  urls: [],
  reach: 'both',
  user: false,
  skipped: [],
  rule: undefined,
});

function listedTags(
  { rule, params }: WriteMatch,
  { target, outcome, user }: Pick<WriteQuestion, 'target' | 'outcome' | 'user'>,
): Pick<WriteEffect, 'tags' | 'skipped'> {
  const mark = target.indexOf('?');
  const query = mark < 0 ? undefined : target.slice(mark + 1);
  const responseFields = outcome.kind === 'response' ? outcome.fields : [];
  return renderTags(rule.invalidate, { user, params, query, responseFields });
}

/** Whether the origin may have carried the request out. A 101 counts as an answer. */
function mayHaveActed(outcome: WriteOutcome): boolean {
  if (outcome.kind === 'never-sent') return false;
  return outcome.kind === 'unknown' || outcome.status < 400 || outcome.status >= 500;
}

/** RFC 9111 §4.4. Deviation: an unknown outcome counts as a success: the non-error answer may be what was lost. */
const followsRfc = (outcome: WriteOutcome): boolean =>
  outcome.kind === 'unknown' ||
  (outcome.kind === 'response' && outcome.status >= 200 && outcome.status < 400);
