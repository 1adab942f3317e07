/**
 * One stored response for queries that tell no copies apart, as the response itself declares (`No-Vary-Search`).
 *
 * What a path declared last only chooses the key. Whether a stored response answers a request is decided by what that
 * response declares, so that a wrong guess costs a fetch and never gives a wrong answer.
 */

import type { Config } from '../../config/config.ts';
import { noVarySearch, type NoVarySearch, whatMatters } from '../../http/no-vary-search.ts';
import { splitTarget, targetText } from '../../http/path-spelling.ts';
import type { BoundedMap } from '../../kit/bounded-map.ts';
import type { Entry } from '../../store/store.ts';

/** What was declared last, by host and path. */
export type DeclaredQueries = BoundedMap<string, NoVarySearch>;

type Place = { readonly host: string; readonly path: string };

const placeOf = ({ host, path }: Place): string => `${host}${path}`;

/** The query that a request is keyed by. */
export function sharedQuery(
  declared: DeclaredQueries,
  { host, path, query }: Place & { readonly query: string | undefined },
): string | undefined {
  const rule = declared.get(placeOf({ host, path }));
  return rule === undefined ? query : whatMatters(query, rule);
}

/** Whether a stored response is one of `target`: stored from it, or from one that it declares to be the same. */
export function answersTarget(
  { target: stored, fields }: Pick<Entry, 'target' | 'fields'>,
  target: string,
): boolean {
  if (stored === target) return true;
  const rule = noVarySearch(fields);
  if (rule === undefined) return false;
  const [one, other] = [splitTarget(stored), splitTarget(target)];
  return one.path === other.path && whatMatters(one.query, rule) === whatMatters(other.query, rule);
}

/** Remembers what a stored response declares. */
export function learnQuery(declared: DeclaredQueries, { host, target, fields }: Entry): void {
  const place = placeOf({ host, path: splitTarget(target).path });
  const rule = noVarySearch(fields);
  if (rule === undefined) declared.delete(place);
  else declared.set(place, rule);
}

/** Stands for every query of a target's path: what declares that some do not matter has its tags, and every purge of a URL. */
export const anyQuery = (target: string): string => targetText(splitTarget(target).path, '*');

/** The targets that a purge of `targets` must name besides. */
export const withAnyQuery = (
  targets: readonly string[],
  { accept }: Pick<Config, 'accept'>,
): readonly string[] =>
  accept.noVarySearch ? [...new Set([...targets, ...targets.map(anyQuery)])] : targets;
