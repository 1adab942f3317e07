/**
 * What an entry was stored by: its content type and all that decides with it about lifetime, tags and who it is for.
 *
 * Promise: two configurations that store a response differently, or for somebody else, have different digests, so that
 * instances of which one has read the file again, or was started with another, do not read each other's entries. Lines
 * and rules of other types do not matter.
 */

import { hash } from 'node:crypto';
import type { Config, ContentType } from '../../config/config.ts';

/** A digest of what a configuration does with responses of a content type. */
export function ruleDigest(config: Config, contentType: ContentType): string {
  const { identity, upstream, ttl, routes } = config;
  // HTTP's own rules give the lifetimes of `standard`; what is popular is counted by each instance for itself.
  const lifetimes = contentType.kind === 'rule' ? { ...ttl, popular: undefined } : undefined;
  const material = [identity, upstream.host, lifetimes, contentType, taggingOf(routes, contentType)];
  return hash('sha256', JSON.stringify(material, plain), 'hex');
}

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
