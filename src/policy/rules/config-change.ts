/**
 * What of the stored responses a new configuration must not find again (CONTRACT §2: "A change that narrows also ends what
 * was stored under the old rule, at once").
 *
 * Deviation on the safe side: any change of a content type or of what leads to it ends what it stored. A rule changed back
 * within a lifetime would otherwise revive what nobody kept up to date meanwhile.
 */

import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../../config/config.ts';

/** The content types whose entries are no longer to be used; `everything` when who is who has changed. */
export function outdatedTypes(before: Config, after: Config): 'everything' | readonly string[] {
  const isSame =
    isDeepStrictEqual(before.identity, after.identity) && before.upstream.host === after.upstream.host;
  if (!isSame) return 'everything';
  const names = new Set([...before.contentTypes.keys(), ...after.contentTypes.keys()]);
  const routesDiffer =
    before.unmatched !== after.unmatched || !isDeepStrictEqual(routesOf(before), routesOf(after));
  const writesDiffer = !isDeepStrictEqual(writesOf(before), writesOf(after));
  const lifetimesDiffer = !isDeepStrictEqual(lifetimesOf(before), lifetimesOf(after));
  // Routes are an order: one moved changes what all others match.
  if (routesDiffer || writesDiffer || lifetimesDiffer) return [...names];
  return [...names].filter(
    (name) => !isDeepStrictEqual(before.contentTypes.get(name), after.contentTypes.get(name)),
  );
}

/** What is popular is counted on, by the measure of the start. */
const lifetimesOf = ({ ttl }: Config): unknown => ({ ...ttl, popular: undefined });

const routesOf = ({ routes }: Config): unknown =>
  routes.map(({ methods, pattern, when, type, tags }) => ({
    methods,
    pattern,
    when,
    type,
    tags: tags.map(({ raw }) => raw),
  }));

const writesOf = ({ writes, unmatchedWrites }: Config): unknown => ({
  unmatchedWrites,
  writes: writes.map(({ matches, when, invalidate }) => ({
    matches,
    when,
    tags: invalidate.map(({ raw }) => raw),
  })),
});
