/** The tags that a response is stored with: those of its URL, its rule and its origin. */

import { cacheGroups } from '../../http/groups.ts';
import type { Fields } from '../../http/message.ts';
import { noVarySearch } from '../../http/no-vary-search.ts';
import { copyTag, groupTag, standardTags, userOf } from '../../policy/rules/entry-tags.ts';
import { matchTags, responseTags, type Tag } from '../../policy/rules/tags.ts';
import { anyQuery } from '../exchange/shared-query.ts';
import type { StorageTerms } from './storage-terms.ts';

/** Each once. `given`: the origin's fields; `stored`: those that are stored. */
export const tagsToStore = (
  terms: StorageTerms,
  { given, stored }: { readonly given: Fields; readonly stored: Fields },
): Tag[] => unique([...urlTags(terms, stored), ...ownTags(terms, given), ...replacedBy(terms)]);

/** Of a few, comparing them makes no garbage. */
const unique = (tags: Tag[]): Tag[] =>
  tags.length > 16 ? [...new Set(tags)] : tags.filter((tag, at) => tags.indexOf(tag) === at);

const replacedBy = ({ match, plan }: StorageTerms): readonly Tag[] =>
  match.contentType.query.reload === undefined ? [] : [copyTag(plan.key)];

/** A response that declares parameters of its query not to matter is one of all of them. */
function urlTags(
  { match: { contentType }, identity, host, target, config }: StorageTerms,
  fields: Fields,
): Tag[] {
  const isShared = config.accept.noVarySearch && noVarySearch(fields) !== undefined;
  return (isShared ? [target, anyQuery(target)] : [target]).flatMap((url) =>
    standardTags({ contentType, identity, host, target: url }),
  );
}

function ownTags({ match, identity, query, host, config }: StorageTerms, fields: Fields): Tag[] {
  const names = config.accept.tags;
  const values = { user: userOf(identity), query, responseFields: fields };
  const groups = names.includes('cache-groups') ? cacheGroups(fields) : [];
  // `planStorage` does not store what has too many.
  return [
    ...matchTags(match, values),
    ...responseTags(fields, names),
    ...(groups === 'too-many' ? [] : groups.map((group) => groupTag(host, group))),
  ];
}
