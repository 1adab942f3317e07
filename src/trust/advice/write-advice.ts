/**
 * Writes that change pages which no rule ends, and rules that end what never changes. (pure)
 *
 * Promises. A write is called a cause only if pages change more often with it than without and than at shifted times, for certain (95 % intervals
 * that do not overlap), after several writes, and also where no other write was near. A new rule ends no less than the
 * proxy ended without it. `needless-write` takes the only tag of a rule away, after so many copies that less than one in a hundred changed.
 */

import type { Config } from '../../config/config.ts';
import { rounded } from '../../kit/figures.ts';
import { wilson } from '../../kit/wilson.ts';
import type { Rules } from '../../policy/rules/rules.ts';
import { samplePath } from '../url-pattern.ts';
import type { Patch, WriteAdvice } from './advice.ts';
import { patchYaml } from './patch-yaml.ts';
import type { Share, WriteEffect } from './write-effects.ts';

const fewest = { writes: 3, alone: 3, without: 10, shifted: 5 };
/** Of what a write is alone with, at least this share of what it changes elsewhere. */
const leastAlone = 0.5;

/** What an advice on a write is made for. */
export type WriteRules = {
  readonly config: Config;
  readonly rules: Pick<Rules, 'matchWrites'>;
  /** A path of the route. */
  readonly page: string;
};

/** A rule for a write that changes the pages of a route; `undefined`: it does not for certain, or no rule can be told. */
export function missingWriteAdvice(effect: WriteEffect, given: WriteRules): WriteAdvice | undefined {
  if (!isCause(effect)) return undefined;
  const { contentType, route, write, within, shifted } = effect;
  const patch = patchFor(effect, given);
  if (patch === undefined) return undefined;
  const without = withoutIt(effect);
  const text = `${write.method} ${write.pattern}`;
  const { low, high } = wilson(within.changed, within.intervals);
  return {
    id: `missing-write:${text}:${route}`,
    kind: 'missing-write',
    type: contentType,
    name: text,
    evidence: {
      route,
      writes: effect.writes,
      intervals: within.intervals,
      changed: within.changed,
      confidence: { share: rounded(shareOf(within), 4), interval: [rounded(low, 4), rounded(high, 4)] },
      shifted_intervals: shifted.intervals,
      shifted_changed: shifted.changed,
      other_intervals: without.intervals,
      other_changed: without.changed,
    },
    patch,
    yaml: patchYaml(patch),
    example: {
      name: `${text} ends ${route}`,
      request: `${write.method} ${samplePath(write.pattern)}`,
      expect: { ends: `GET ${given.page}` },
    },
  };
}

function isCause(effect: WriteEffect): boolean {
  const { within, alone, shifted, writes } = effect;
  const without = withoutIt(effect);
  if (writes < fewest.writes || alone.changed < fewest.alone || without.intervals < fewest.without)
    return false;
  const { low } = wilson(within.changed, within.intervals);
  const isMoreThan = ({ intervals, changed }: Share): boolean => low > wilson(changed, intervals).high;
  const isMore = isMoreThan(without) && (shifted.intervals < fewest.shifted || isMoreThan(shifted));
  return isMore && shareOf(alone) >= shareOf(within) * leastAlone;
}

const withoutIt = ({ all, within }: WriteEffect): Share => ({
  intervals: all.intervals - within.intervals,
  changed: all.changed - within.changed,
});

const shareOf = ({ intervals, changed }: Share): number => (intervals === 0 ? 0 : changed / intervals);

function patchFor(
  { contentType, route, write }: WriteEffect,
  { config, rules }: WriteRules,
): Patch | undefined {
  const tag = tagFor(config, contentType, route);
  const asked = { query: undefined, fields: [] };
  const [found = []] = rules.matchWrites(write.method, samplePath(write.pattern), asked);
  const [first, ...others] = found;
  if (first === undefined) {
    const match = matchOf(write);
    const invalidate = config.unmatchedWrites.user ? [tag, 'user:{user}'] : [tag];
    return match === undefined ? undefined : { op: 'add', path: ['writes'], value: { match, invalidate } };
  }
  // Which of several applies depends on the request's body.
  const at = config.writes.indexOf(first.rule);
  if (others.length > 0 || at < 0 || first.rule.invalidate.some(({ raw }) => raw === tag)) return undefined;
  return { op: 'add', path: ['writes', at, 'invalidate'], value: tag, from: first.rule.name };
}

/** A tag that every copy of the route has, whoever's it is. */
function tagFor({ contentTypes, routes }: Config, contentType: string, route: string): string {
  const ofRoute = routes.find(({ pattern, type }) => pattern === route && type === contentType)?.tags ?? [];
  const tags = [...ofRoute, ...(contentTypes.get(contentType)?.tags ?? [])].map(({ raw }) => raw);
  return tags.find((raw) => !raw.includes('{')) ?? `type:${contentType}`;
}

/** The pattern of a rule; `undefined`: the path has characters with a meaning in patterns. */
function matchOf({ method, pattern }: WriteEffect['write']): string | undefined {
  let count = 0;
  const named = pattern.replace(/\{(n|id)\}/g, () => `:p${(count += 1)}`);
  return /[*+?(){}\\…]|:(?!p\d)/.test(named) ? undefined : `${method} ${named}`;
}

/** None of so many is less than one in a hundred, with 95 % confidence. */
const often = 0.01;

/** By write rule, what became of the copies that its writes ended. */
export type Ended = ReadonlyMap<string, { readonly same: number; readonly changed: number }>;

/** Rules whose only tag ends copies that came back with the same bytes, always. */
export function needlessWriteAdvices({ writes }: Config, ended: Ended): readonly WriteAdvice[] {
  return writes.flatMap(({ name, matches, invalidate }, at): WriteAdvice[] => {
    const { same = 0, changed = 0 } = ended.get(name) ?? {};
    const [tag, ...others] = invalidate;
    const [match] = matches;
    const { low, high } = wilson(changed, same + changed);
    if (changed > 0 || high > often || tag === undefined || others.length > 0 || match === undefined)
      return [];
    const patch: Patch = { op: 'remove', path: ['writes', at, 'invalidate'], value: tag.raw, from: name };
    const path = match.pattern.replace(/:\w+/g, '1').replaceAll('*', 'x');
    return [
      {
        id: `needless-write:${name}`,
        kind: 'needless-write',
        type: tag.raw,
        name,
        evidence: {
          ...{ route: null, writes: 0, intervals: same + changed, changed },
          confidence: { share: 0, interval: [rounded(low, 4), rounded(high, 4)] },
          ...{ shifted_intervals: 0, shifted_changed: 0, other_intervals: 0, other_changed: 0 },
        },
        patch,
        yaml: patchYaml(patch),
        example: {
          name: `${name} ends nothing`,
          request: `${match.methods[0] ?? 'POST'} ${path}`,
          expect: { write: name },
        },
      },
    ];
  });
}
