/**
 * Digests the rule that an entry was stored by: whether, for whom, under which key and which tags.
 *
 * Promise: configurations that store other responses, or for another audience, have different digests, so that
 * instances with different configurations do not read each other's entries. Line numbers, rules of other types and
 * lifetimes do not matter (`policy/lifetime/stored-lifetime.ts`).
 */

import { hash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Config, ContentType } from '../../config/config.ts';
import { acceptDefaults } from '../../config/schema/accept-config.ts';

/** The digest of what a configuration does with responses of a content type. */
export function ruleDigest(config: Config, contentType: ContentType): string {
  const { accept, identity, upstream, routes } = config;
  const { tags, lifetimes, noVarySearch } = accept;
  const material: unknown[] = [
    identity,
    upstream.host,
    storedBy(contentType),
    taggingOf(routes, contentType),
  ];
  // With the defaults the digest is the one of before there was `accept`, so that an upgrade keeps what is stored.
  if (!isDeepStrictEqual([tags, lifetimes], [acceptDefaults.tags, acceptDefaults.lifetimes]))
    material.push([tags, lifetimes]);
  if (noVarySearch) material.push('no-vary-search');
  return hash('sha256', JSON.stringify(material, plain), 'hex');
}

/** Properties that decide only lifetimes, apply at each request, or whose change harms no reader of older entries. */
const notStoredBy: ReadonlySet<string> = new Set<keyof ContentType>([
  'ttl',
  'min',
  'max',
  'staleWhileRevalidate',
  'staleIfError',
  'staleAfter',
  'settle',
  'refreshAhead',
  'etag',
  'clientReload',
  'shadow',
  'rollout',
]);

const storedBy = (contentType: ContentType): unknown => [
  Object.entries(contentType).filter(([name]) => name !== 'statuses' && !notStoredBy.has(name)),
  [...contentType.statuses.keys()],
];

/** Which of the type's routes matches first, and what the pattern takes from the path, decide the route's tags. */
function taggingOf(routes: Config['routes'], { name }: ContentType): readonly unknown[] {
  const own = routes.filter(({ type }) => type === name);
  if (own.every(({ tags }) => tags.length === 0)) return [];
  return own.map(({ methods, pattern, when, tags }) => [methods, pattern, when, rawOf(tags)]);
}

const rawOf = (tags: ContentType['tags']): readonly string[] => tags.map(({ raw }) => raw);

/** JSON would write all maps, sets and patterns alike. */
function plain(_name: string, value: unknown): unknown {
  if (value instanceof Map || value instanceof Set) return [...(value as Iterable<unknown>)];
  return value instanceof RegExp ? String(value) : value;
}
