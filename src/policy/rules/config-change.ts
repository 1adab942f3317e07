/**
 * What of the stored responses a new configuration must not find again (CONTRACT §2: "A change that narrows also ends what
 * was stored under the old rule, at once").
 *
 * Deviation on the safe side: any change of what is stored by a content type, or of what leads to it, ends what it stored. A
 * rule changed back within a lifetime would otherwise revive what nobody kept up to date meanwhile. A changed lifetime ends
 * nothing (`policy/lifetime/stored-lifetime.ts`).
 */

import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../../config/config.ts';
import { ruleDigest } from '../key/rule-digest.ts';
import { typeTag } from './entry-tags.ts';
import type { Tag } from './tags.ts';

type Ended = { readonly everything: boolean; readonly tags: readonly Tag[] };

/** What of the stored responses a change of the configuration ends; `undefined`: nothing. */
export function endedByChange(before: Config, after: Config): Ended | undefined {
  const isSame =
    isDeepStrictEqual(before.identity, after.identity) && before.upstream.host === after.upstream.host;
  if (!isSame) return { everything: true, tags: [] };
  const names = [...new Set([...before.contentTypes.keys(), ...after.contentTypes.keys()])];
  const routesDiffer =
    before.unmatched !== after.unmatched || !isDeepStrictEqual(routesOf(before), routesOf(after));
  const writesDiffer = !isDeepStrictEqual(writesOf(before), writesOf(after));
  // Routes are an order: one moved changes what all others match.
  const endsAll = routesDiffer || writesDiffer;
  const ended = names.filter((name) => endsAll || digestIn(before, name) !== digestIn(after, name));
  return ended.length === 0 ? undefined : { everything: false, tags: ended.map(typeTag) };
}

function digestIn(config: Config, name: string): string | undefined {
  const contentType = config.contentTypes.get(name);
  return contentType && ruleDigest(config, contentType);
}

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
