/** Reads the sections `routes`, `writes` and `unmatched_writes`, and finds routes that no request can reach. */

import { type Comparable, comparable, covers } from '../../pattern/cover.ts';
import { requestWhen } from './check-condition.ts';
import { type WriteWhen, writeWhen } from './check-write-condition.ts';
import { tag } from './check-content-type.ts';
import { refuseVoid, rollout } from './check-rollout.ts';
import type { RequestCondition, Rollout } from '../config.ts';
import { type Match, parseMatch } from '../../pattern/match.ts';
import { onlyPath } from '../../pattern/pattern.ts';
import type { Place } from '../reader/problem.ts';
import { bool, text } from '../reader/read-scalar.ts';
import {
  type Placed,
  type Reader,
  type Reading,
  failed,
  listOf,
  oneOrMore,
  optional,
  or,
  placeOfKey,
  placed,
  recover,
  required,
  section,
  then,
} from '../reader/reader.ts';
import type { TagTemplate } from './tag-template.ts';
import type { WriteRule } from './write-rule.ts';

const match: Reader<Match> = then(text, (written, place, at) => {
  const result = parseMatch(written);
  if (result.kind === 'ok') return result.match;
  at.report(result.code, result.why, place);
  return failed;
});

const matches: Reader<readonly Placed<Match>[]> = oneOrMore(placed(match));

/** A route as read, with places for the checks across sections. `match` is empty if none could be read. */
export type RouteDraft = {
  readonly match: readonly Placed<Match>[];
  readonly when: readonly RequestCondition[];
  readonly type: Placed<string>;
  readonly tags: readonly Placed<TagTemplate>[];
  readonly shadow: boolean;
  readonly rollout: Rollout | undefined;
};

const routeKeys = {
  match: required(recover(matches, [])),
  when: or(requestWhen, []),
  type: required(placed(text)),
  tags: or(listOf(placed(tag)), []),
  shadow: or(bool, false),
  rollout: optional(rollout),
};

const route: Reader<RouteDraft> = section(routeKeys, refuseVoid);

export const routes: Reader<readonly RouteDraft[]> = listOf(route);

export type WriteDraft = {
  readonly name: Placed<string> | undefined;
  readonly match: readonly Placed<Match>[];
  readonly when: WriteWhen;
  readonly invalidate: readonly Placed<TagTemplate>[];
};

const write: Reader<WriteDraft> = section(
  {
    name: optional(placed(text)),
    match: required(matches),
    when: or(writeWhen, { request: [], exchange: [] }),
    invalidate: required(listOf(placed(tag))),
  },
  ({ match: found = [], when }, at, node) => {
    // What a GET carries and brings is not read.
    const readsBody = when?.exchange.some(({ kind }) => /json|form/.test(kind)) === true;
    if (
      readsBody &&
      found.some(({ value }) => value.methods.includes('GET') || value.methods.includes('HEAD'))
    )
      at.report(
        'conflicting-keys',
        'the bodies of a GET are not read; give it a rule of its own',
        placeOfKey(node, 'when'),
      );
  },
);

export const writes: Reader<readonly WriteDraft[]> = listOf(write);

/** The rules, each with a name of its own. */
export function finishWrites(drafts: readonly WriteDraft[]): readonly WriteRule[] {
  const taken = new Set(drafts.map(({ name }) => name?.value));
  const nameOf = ([first]: WriteDraft['match']): string => {
    const own = first === undefined ? '' : `${first.value.method} ${first.value.pattern}`;
    let name = own;
    for (let count = 2; taken.has(name); count += 1) name = `${own} #${count}`;
    taken.add(name);
    return name;
  };
  return drafts.map(({ name, match, when, invalidate }) => ({
    name: name?.value ?? nameOf(match),
    matches: match.map(({ value: { methods, pattern } }) => ({ methods, pattern })),
    when: when.request,
    exchangeWhen: when.exchange,
    invalidate: invalidate.map(({ value }) => value),
  }));
}

export const unmatchedWrites = section({ url: or(bool, true), user: or(bool, true) });

/** What is tried in the order of the file. */
export type Reachable = { readonly match: readonly Placed<Match>[]; readonly isConditional: boolean };

type Candidate = Placed<Match> & { readonly paths: Comparable };

/** Reports every match that is wholly covered by an earlier one. */
export function refuseUnreachable(
  drafts: readonly Reachable[],
  lineOf: (place: Place) => number,
  at: Reading,
): void {
  const earlier: Candidate[] = [];
  for (const { found, isConditional } of drafts.flatMap(eachMatch)) {
    const later = { ...found, paths: comparable(found.value.compiled.parts) };
    const taker = earlier.find((candidate) => takesAll(candidate, later));
    if (taker === undefined) {
      // One with a condition takes only some of what its pattern matches.
      if (!isConditional) earlier.push(later);
      continue;
    }
    const by = `\`${taker.value.method} ${taker.value.pattern}\` on line ${lineOf(taker.place)}`;
    at.report(
      'unreachable-route',
      `never reached: ${by} already matches all of it; move this up or remove it`,
      later.place,
    );
  }
}

const eachMatch = ({
  match,
  isConditional,
}: Reachable): readonly { found: Placed<Match>; isConditional: boolean }[] =>
  match.map((found) => ({ found, isConditional }));

function takesAll(earlier: Candidate, later: Candidate): boolean {
  if (!later.value.methods.every((method) => earlier.value.methods.includes(method))) return false;
  if (earlier.value.pattern === later.value.pattern || covers(earlier.paths, later.paths)) return true;
  // Groups and expressions are not compared, but a path without alternatives can be tried.
  const path = onlyPath(later.value.compiled.parts);
  return path !== undefined && earlier.value.compiled.match(path) !== undefined;
}
