/**
 * The tags of an exchange: from its rules' templates and from the origin's own fields.
 *
 * A stored entry and the write that makes it stale render tags alike: `{id}` is the same text, whether percent-encoded in a
 * path or query or as bytes of a header.
 *
 * Promises: a tag has at most `longestTag` characters; longer ones are replaced by a digest (`toTag`, which a purge by tag
 * uses as well). A placeholder without a value makes no tag.
 *
 * Deviation: tags are not escaped. `a:{x}` with `b:c` for x equals `a:b:{y}` with `c` for y: such a clash ends more than
 * was meant, never less.
 */

import { hash } from 'node:crypto';
import type { TagPart, TagTemplate } from '../../config/schema/tag-template.ts';
import { type TagField, tagFields } from '../../http/app-fields.ts';
import { combinedValue, fieldLines, hasField, trimWhitespace } from '../../http/fields.ts';
import { cacheGroups } from '../../http/groups.ts';
import type { Fields } from '../../http/message.ts';
import type { Match } from './safest-match.ts';
import { decodeBytes, decodeEscapes, queryValues } from '../key/query-values.ts';

declare const brand: unique symbol;

export type Tag = string & { readonly [brand]: 'tag' };

export type TagValues = {
  readonly user: string | undefined;
  /** As `Rules.match` gives them: percent-encoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: string | undefined;
  readonly responseFields: Fields;
};

/** `skipped`: the templates that made no tag because a value was missing. */
type RenderedTags = { readonly tags: readonly Tag[]; readonly skipped: readonly string[] };

export const longestTag = 512;

export const mostResponseTags = 128;

/** A repeated parameter or header makes one tag per value, up to this many per template. */
const mostValues = 32;

/** The stored form of a tag: itself, or its digest if it is too long. */
export const toTag = (text: string): Tag =>
  (text.length <= longestTag ? text : `sha256-${hash('sha256', text, 'hex')}`) as Tag;

/** The tags of templates, each once. */
export function renderTags(templates: readonly TagTemplate[], values: TagValues): RenderedTags {
  if (templates.length === 0) return noTags;
  const tags = new Set<Tag>();
  const skipped: string[] = [];
  for (const { raw, parts } of templates) {
    const texts = renderTemplate(parts, values);
    if (texts.length === 0) skipped.push(raw);
    for (const text of texts) tags.add(toTag(text));
  }
  return { tags: [...tags], skipped };
}

const noTags: RenderedTags = { tags: [], skipped: [] };

/** The tags of a match: its own, and those of the other readings of the path. */
export function matchTags(match: Match, values: Omit<TagValues, 'params'>): readonly Tag[] {
  const matches = match.readings === undefined ? [match] : [match, ...match.readings];
  return matches.flatMap(({ tags, params }) => renderTags(tags, { ...values, params }).tags);
}

/**
 * The tags the origin gives: `Surrogate-Key` and `xkey` (by spaces; `xkey` by commas too), `Cache-Tag` and
 * `X-LiteSpeed-Tag` (by commas). `names`: the fields to read.
 */
export const responseTags = (fields: Fields, names: readonly TagField[] = tagFields): Tag[] =>
  namedTags(fields, names).slice(0, mostResponseTags).map(toTag);

/** Whether there are more tags or groups than are kept. Such a response could not be purged by those, so it must not be stored. */
export const hasTooManyTags = (fields: Fields, names: readonly TagField[] = tagFields): boolean =>
  namedTags(fields, names).length > mostResponseTags ||
  (names.includes('cache-groups') && cacheGroups(fields) === 'too-many');

function renderTemplate(parts: readonly TagPart[], values: TagValues): readonly string[] {
  let texts = [''];
  for (const part of parts) {
    const found = [...new Set(valuesOf(part, values))];
    texts = texts.flatMap((text) => found.map((value) => text + value)).slice(0, mostValues);
  }
  return texts;
}

/** Applications disagree on which of two equal parameters counts: entries and writes get the tags of both. */
function valuesOf(part: TagPart, { user, params, query, responseFields }: TagValues): readonly string[] {
  switch (part.kind) {
    case 'text':
      return [part.text];
    case 'user':
      return user === undefined ? [] : [user];
    case 'path': {
      const value = Object.hasOwn(params, part.name) ? params[part.name] : undefined;
      return value === undefined ? [] : [decodeEscapes(value)];
    }
    case 'query':
      return queryValues(query, part.name);
    case 'header':
      return fieldLines(responseFields, part.name).map((line) => decodeBytes(trimWhitespace(line)));
  }
}

/** `Cache-Groups` has a grammar and a reach of its own (`groupTag`). */
const separators: Readonly<Record<TagField, RegExp | undefined>> = {
  'surrogate-key': /[ \t]+/,
  'cache-tag': /,/,
  xkey: /[ \t,]+/,
  'x-litespeed-tag': /,/,
  'cache-groups': undefined,
};

function namedTags(fields: Fields, names: readonly TagField[]): readonly string[] {
  const present = names.filter((name) => hasField(fields, name));
  if (present.length === 0) return [];
  const named = present.flatMap((name) => {
    const separator = separators[name];
    const texts = separator === undefined ? [] : (combinedLines(fields, name)?.split(separator) ?? []);
    const tags = texts.map((text) => decodeBytes(trimWhitespace(text)));
    // `public:`: a tag of a private page that public purges meet; here every purge does.
    return name === 'x-litespeed-tag' ? tags.map((tag) => tag.replace(/^public:/, '')) : tags;
  });
  return [...new Set(named)].filter((text) => text !== '');
}

/** `Surrogate-Key` has no commas: its lines are one list by spaces. */
const combinedLines = (fields: Fields, name: string): string | undefined =>
  name === 'surrogate-key' ? fieldLines(fields, name).join(' ') : combinedValue(fields, name);
