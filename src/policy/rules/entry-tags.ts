/** The tags that every stored response has (CONTRACT §2 "Details that matter"). */

import type { ContentType } from '../../config/config.ts';
import { targetReadings } from '../../http/path-readings.ts';
import type { Identity } from '../identity/identity.ts';
import { type Tag, toTag } from './tags.ts';

/** Joined, not concatenated: V8 would keep five trees of pieces per entry. */
const tag = (kind: string, ...value: readonly string[]): Tag => toTag([kind, ':', ...value].join(''));

/** All of one content type. */
export const typeTag = (name: string): Tag => tag('type', name);

/** One URL (canonical path and query), whatever the host. `//` at its start would look like a host: it becomes `/.//`. */
export const urlTag = (target: string): Tag => tag('url', target.startsWith('//') ? `/.${target}` : target);

/** One URL of one host. */
export const hostUrlTag = (host: string, target: string): Tag => tag('url', '//', host, target);

/** One URL, of entries that a rule stored. For `standard` an error ends nothing (RFC 9111 §4.4). */
export const ruleUrlTag = (host: string, target: string): Tag => tag('rule-url', '//', host, target);

/** One URL, of entries of `standard`. */
export const standardUrlTag = (host: string, target: string): Tag => tag('standard-url', '//', host, target);

/** All of one user on `user` routes. */
export const userTag = (user: string): Tag => tag('user', user);

/** All of one identity, `standard` entries included; for operators, never for writes. */
export const partitionTag = (user: string): Tag => tag('partition', user);

/** All of one key: for the answer that takes their place (`query.reload`). */
export const copyTag = (key: string): Tag => tag('copy', key.slice(0, 32));

/** Tags without those. */
export const withoutCopies = (tags: readonly Tag[]): readonly Tag[] =>
  tags.filter((one) => !one.startsWith('copy:'));

/** RFC 9875: all of one group of one origin. */
export const groupTag = (host: string, group: string): Tag => tag('group', `//${host} ${group}`);

/** The value of `{user}` for an identity. */
export const userOf = (identity: Identity): string =>
  identity.kind === 'known' ? identity.user : 'anonymous';

type Tagged = { contentType: ContentType; identity: Identity; host: string; target: string };

/** The tags of an entry besides those of its rule and its origin. A write to `/a/b` ends `/a%2Fb` too. */
export function standardTags({ contentType, identity, host, target }: Tagged): Tag[] {
  const storedUrlTag = contentType.kind === 'rule' ? ruleUrlTag : standardUrlTag;
  const tags = [typeTag(contentType.name), urlTag(target)];
  for (const url of targetReadings(target)) tags.push(hostUrlTag(host, url), storedUrlTag(host, url));
  if (contentType.kind !== 'rule') return [...tags, partitionTag(userOf(identity))];
  if (contentType.scope === 'public') return tags;
  return [...tags, userTag(userOf(identity)), partitionTag(userOf(identity))];
}
