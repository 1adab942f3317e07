/**
 * Finds the operator's rule for a request, or for every reading of its path.
 *
 * Promises: the first matching route of the file wins, and the first matching write; a write rule with conditions that the
 * head of the request does not decide leaves those after it in question. The cost does not grow with the number of routes
 * (`route-index.ts`), except those with a `when`, and is linear in the path.
 */

import type { Config, ContentType, RequestCondition, Route, WriteRule } from '../../config/config.ts';
import { readingsOf } from '../../http/path-readings.ts';
import { type Params, type Pattern, compilePattern, noParams } from '../../pattern/pattern.ts';
import { type Asked, requestHolds } from '../lifetime/request-conditions.ts';
import { type Found, type Indexed, createRouteIndex } from '../../pattern/route-index.ts';
import { type Match, safestMatch } from './safest-match.ts';

export type WriteMatch = { readonly rule: WriteRule; readonly params: Params };

export type Rules = {
  /** For a method, a canonical path and the rest of the request: the safest of what its readings match. */
  readonly match: (method: string, path: string, asked: Asked) => Match;
  /**
   * For each reading of the path the write rules that may apply, the first first: the last of them applies if no other does,
   * unless its conditions are still to be decided. A rule may list a GET.
   */
  readonly matchWrites: (method: string, path: string, asked: Asked) => readonly (readonly WriteMatch[])[];
};

/** Compiles every pattern, once. Throws for a config that names a content type it does not have. */
export function compileRules(config: Config): Rules {
  const routes = byMethod(
    config.routes.map((route) => ({ ...route, value: routeMatch(config, route) })),
    createFinder,
  );
  const writes = byMethod(
    config.writes.flatMap((rule) =>
      rule.matches.map((entry) => ({ ...entry, when: rule.when, value: { rule, params: noParams } })),
    ),
    createWriteFinder,
  );
  const contentType = typeNamed(config, config.unmatched);
  const unmatched: Match = { contentType, route: undefined, params: noParams, tags: contentType.tags };
  const passType = typeNamed(config, 'pass');
  return {
    match: (method, path, asked) => {
      const find = (reading: string): Match => withParams(routes.get(method)?.(reading, asked)) ?? unmatched;
      const { paths, isClear } = readingsOf(path);
      const [sent, ...others] = paths;
      return others.length === 0
        ? find(sent)
        : safestMatch([find(sent), ...others.map(find)], { isClear, passType });
    },
    matchWrites: (method, path, asked) => {
      const find = writes.get(method);
      return find === undefined ? [none] : readingsOf(path).paths.map((reading) => find(reading, asked));
    },
  };
}

type Listed<T> = {
  readonly methods: readonly string[];
  readonly pattern: string;
  readonly when: readonly RequestCondition[];
  readonly value: T;
};

type Finder<T> = (path: string, asked: Asked) => Found<Ordered<T>> | undefined;

type Ordered<T> = { readonly order: number; readonly when: readonly RequestCondition[]; readonly rule: T };

/** A finder for each method; a pattern is compiled once for all its methods. */
function byMethod<T, F>(
  listed: readonly Listed<T>[],
  create: (rules: readonly Indexed<Ordered<T>>[]) => F,
): ReadonlyMap<string, F> {
  const entries = new Map<string, Indexed<Ordered<T>>[]>();
  listed.forEach(({ methods, pattern, when, value }, order) => {
    const entry = { pattern: usable(pattern), value: { order, when, rule: value } };
    for (const method of methods) {
      const known = entries.get(method);
      if (known === undefined) entries.set(method, [entry]);
      else known.push(entry);
    }
  });
  return new Map([...entries].map(([method, rules]) => [method, create(rules)]));
}

/** Rules with a condition are few: they are tried in turn, if earlier than what the index finds. */
function createFinder<T>(rules: readonly Indexed<Ordered<T>>[]): Finder<T> {
  const conditional = rules.filter(({ value }) => value.when.length > 0);
  const index = createRouteIndex(rules.filter(({ value }) => value.when.length === 0));
  if (conditional.length === 0) return index;
  return (path, asked) => {
    const found = index(path);
    for (const { pattern, value } of conditional) {
      if (found !== undefined && found.value.order < value.order) break;
      const params = requestHolds(value.when, asked) ? pattern.match(path) : undefined;
      if (params !== undefined) return { value, params };
    }
    return found;
  };
}

const none: readonly WriteMatch[] = [];

/** Finds all rules that may apply: those still to be decided, and the first that is not. */
function createWriteFinder(
  rules: readonly Indexed<Ordered<WriteMatch>>[],
): (path: string, asked: Asked) => readonly WriteMatch[] {
  const open = rules.filter(({ value }) => value.rule.rule.exchangeWhen.length > 0);
  const first = createFinder(rules.filter((rule) => !open.includes(rule)));
  return (path, asked) => {
    const decided = first(path, asked);
    const found: WriteMatch[] = [];
    for (const { pattern, value } of open) {
      if (decided !== undefined && decided.value.order < value.order) break;
      const params = requestHolds(value.when, asked) ? pattern.match(path) : undefined;
      if (params !== undefined) found.push({ rule: value.rule.rule, params });
    }
    const last = withParams(decided);
    if (last !== undefined) found.push(last);
    return found;
  };
}

function usable(pathname: string): Pattern {
  const compiled = compilePattern(pathname);
  if (compiled.kind === 'refused')
    throw new Error(`the pattern ${pathname} cannot be used: ${compiled.reason}`);
  return compiled.pattern;
}

function routeMatch(config: Config, route: Route): Match {
  const contentType = typeNamed(config, route.type);
  return { contentType, route, params: noParams, tags: [...contentType.tags, ...route.tags] };
}

function typeNamed(config: Config, name: string): ContentType {
  const contentType = config.contentTypes.get(name);
  if (contentType === undefined) throw new Error(`the config has no content type ${name}`);
  return contentType;
}

/** A match without groups is the same object each time. */
function withParams<T extends { readonly params: Params }>(
  found: Found<Ordered<T>> | undefined,
): T | undefined {
  if (found === undefined || found.params === noParams) return found?.value.rule;
  return { ...found.value.rule, params: found.params };
}
