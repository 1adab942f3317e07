/**
 * Which rule decides about a path that an origin may read in several ways (docs/config.md, "Paths")?
 *
 *   1. A reading that passes (by its route, or by `unmatched: pass`): the request passes.
 *   2. A reading that leads out of its segment by hidden dots, or too many readings: it passes.
 *   3. Readings matched by routes of several content types, or of which one has its own `shadow` or `rollout`: it passes. One
 *      that no route matches has no say here.
 *   4. Else the rule of the path as sent decides, and the copy has the tags of all readings.
 *
 * Write rules come before all of these (`proxy/pipeline.ts`): a reading that is a write passes and ends what it lists.
 */

import type { ContentType, Route } from '../../config/config.ts';
import type { TagTemplate } from '../../config/schema/tag-template.ts';
import type { Params } from '../../pattern/pattern.ts';

export type Match = {
  readonly contentType: ContentType;
  /** Undefined where no route matches; the content type is then what `unmatched` says. */
  readonly route: Route | undefined;
  readonly params: Params;
  readonly tags: readonly TagTemplate[];
  /** What other readings of the path match, whose tags count too. */
  readonly readings?: readonly Match[];
  /** Passed because the readings of the path do not agree. */
  readonly isAmbiguous?: true;
};

/** The safest of what the readings match, that of the path as sent first. */
export function safestMatch(
  matches: readonly [sent: Match, ...others: Match[]],
  { isClear, passType }: { readonly isClear: boolean; readonly passType: ContentType },
): Match {
  const [sent, ...others] = matches;
  const passing = matches.find(({ contentType }) => contentType.kind === 'pass');
  if (passing !== undefined) return passing;
  const routed = others.filter(({ route }) => route !== undefined);
  const agree = isClear && routed.every((other) => agrees(other, sent));
  return agree ? { ...sent, readings: routed } : { ...sent, contentType: passType, isAmbiguous: true };
}

function agrees(other: Match, sent: Match): boolean {
  if (other.contentType !== sent.contentType) return false;
  const [{ route: one }, { route: two }] = [other, sent];
  const isRolledOut = one?.rollout !== undefined || two?.rollout !== undefined;
  return (one?.shadow ?? false) === (two?.shadow ?? false) && (!isRolledOut || one?.pattern === two?.pattern);
}
