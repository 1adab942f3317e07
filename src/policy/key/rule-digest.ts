/**
 * What an entry was stored by: whether, for whom, under which key and which tags.
 *
 * Promise: two configurations that store another response, or for somebody else, have different digests, so that instances
 * of which one has read the file again, or was started with another, do not read each other's entries. Lines, rules of
 * other types, and how long a response is used do not matter (`policy/lifetime/stored-lifetime.ts`).
 */

import { hash } from 'node:crypto';
import type { Config, ContentType } from '../../config/config.ts';

/** A digest of what a configuration does with responses of a content type. */
export function ruleDigest(config: Config, contentType: ContentType): string {
  const { identity, upstream, routes } = config;
  const material = [identity, upstream.host, storedBy(contentType), taggingOf(routes, contentType)];
  return hash('sha256', JSON.stringify(material, plain), 'hex');
}

/** What decides how long a response is used, is decided at each request, or harms nobody who gets what was stored before. */
const notStoredBy: ReadonlySet<string> = new Set<keyof ContentType>([
  'ttl',
  'min',
  'max',
  'staleWhileRevalidate',
  'staleIfError',
  'staleAfter',
  'refreshAhead',
  'etag',
  'clientReload',
]);

/** The rest of a content type; a new property is in it unless somebody decides otherwise. */
const storedBy = (contentType: ContentType): unknown => [
  Object.entries(contentType).filter(([name]) => name !== 'statuses' && !notStoredBy.has(name)),
  [...contentType.statuses.keys()],
];

/**
 * What decides which tags a response of the type has besides the type's own: which of its routes is the first to match, and
 * what the pattern takes from the path. Without any such tag it does not matter.
 */
function taggingOf(routes: Config['routes'], { name }: ContentType): readonly unknown[] {
  const own = routes.filter(({ type }) => type === name);
  if (own.every(({ tags }) => tags.length === 0)) return [];
  return own.map(({ methods, pattern, when, tags }) => [methods, pattern, when, rawOf(tags)]);
}

const rawOf = (tags: ContentType['tags']): readonly string[] => tags.map(({ raw }) => raw);

/** JSON knows no maps, sets and patterns: it would take all of them for the same. */
function plain(_name: string, value: unknown): unknown {
  if (value instanceof Map || value instanceof Set) return [...(value as Iterable<unknown>)];
  return value instanceof RegExp ? String(value) : value;
}
