/**
 * Which tags does an exchange have: those its rules' templates make, and those the origin names itself?
 *
 * Both sides render alike, the entry that is stored and the write that makes it stale: `{id}` is the same text whether it
 * came percent-encoded in a path or a query, or as bytes of a header.
 *
 * Promises: a tag is at most `longestTag` characters (longer ones are named by their digest, see `toTag`, which a purge by
 * tag must use as well); a placeholder without a value makes no tag, never one with a hole in it.
 *
 * Deviation: tags are not escaped. `a:{x}` with `b:c` for x is the tag of `a:b:{y}` with `c` for y: such a clash ends more
 * than was meant, never less.
 */

import { hash } from 'node:crypto';
import type { TagPart, TagTemplate } from '../../config/schema/tag-template.ts';
import { combinedValue, fieldLines, trimWhitespace } from '../../http/fields.ts';
import type { Fields } from '../../http/message.ts';
import { decodeBytes, decodeEscapes, queryValues } from '../key/query-values.ts';

declare const brand: unique symbol;

/** A name that groups stored responses, to be purged by. */
export type Tag = string & { readonly [brand]: 'tag' };

/** What placeholders are filled from. */
export type TagValues = {
  readonly user: string | undefined;
  /** As `Rules.match` gives them: percent-encoded. */
  readonly params: Readonly<Record<string, string>>;
  /** The text behind `?`. */
  readonly query: string | undefined;
  /** Empty where there was no response. */
  readonly responseFields: Fields;
};

/** `skipped`: the templates that made no tag, for want of a value, as written. */
export type RenderedTags = { readonly tags: readonly Tag[]; readonly skipped: readonly string[] };

/** In characters. */
export const longestTag = 512;

/** The most tags taken from a response's fields. */
export const mostResponseTags = 128;

/** A repeated parameter or header makes a tag for each of its values, up to this many a template. */
const mostValues = 32;

/** A tag as it is stored and purged by: itself, or where it is too long its digest. */
export const toTag = (text: string): Tag =>
  (text.length <= longestTag ? text : `sha256-${hash('sha256', text, 'hex')}`) as Tag;

/** The tags of templates, each once. */
export const renderTags = (templates: readonly TagTemplate[], values: TagValues): RenderedTags => {
  const tags = new Set<Tag>();
  const skipped: string[] = [];
  for (const { raw, parts } of templates) {
    const texts = renderTemplate(parts, values);
    if (texts.length === 0) skipped.push(raw);
    for (const text of texts) tags.add(toTag(text));
  }
  return { tags: [...tags], skipped };
};

/** The tags the origin gives: `Surrogate-Key` and `xkey` (by spaces; `xkey` by commas too), `Cache-Tag` (by commas). */
export const responseTags = (fields: Fields): Tag[] =>
  namedTags(fields).slice(0, mostResponseTags).map(toTag);

/** Whether `responseTags` leaves some out: such a response could not be purged by them, so it should not be stored. */
export const hasTooManyTags = (fields: Fields): boolean => namedTags(fields).length > mostResponseTags;

/** Every text a template makes: none when a placeholder has no value, several when one has several. */
const renderTemplate = (parts: readonly TagPart[], values: TagValues): readonly string[] => {
  let texts = [''];
  for (const part of parts) {
    const found = [...new Set(valuesOf(part, values))];
    texts = texts.flatMap((text) => found.map((value) => text + value)).slice(0, mostValues);
  }
  return texts;
};

/**
 * Applications disagree on which of two equal parameters counts. An entry and a write each have the tags of both, so that
 * they meet whichever the application took.
 */
const valuesOf = (part: TagPart, { user, params, query, responseFields }: TagValues): readonly string[] => {
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
};

const separators: readonly (readonly [name: string, separator: RegExp])[] = [
  ['surrogate-key', /[ \t]+/],
  ['cache-tag', /,/],
  ['xkey', /[ \t,]+/],
];

const namedTags = (fields: Fields): readonly string[] => {
  const named = separators.flatMap(([name, separator]) =>
    (combinedLines(fields, name)?.split(separator) ?? []).map((text) => decodeBytes(trimWhitespace(text))),
  );
  return [...new Set(named)].filter((text) => text !== '');
};

/** `Surrogate-Key` has no commas: its lines are one list by spaces. */
const combinedLines = (fields: Fields, name: string): string | undefined =>
  name === 'surrogate-key' ? fieldLines(fields, name).join(' ') : combinedValue(fields, name);
