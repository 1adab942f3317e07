/**
 * What an entry was stored by: its content type and all that decides with it about lifetime, tags and who it is for.
 *
 * Promise: two configurations that store a response differently, or for somebody else, have different digests, so that
 * instances of which one has read the file again, or was started with another, do not read each other's entries. Where a
 * rule is in the file does not matter.
 */

import { hash } from 'node:crypto';
import type { Config, ContentType } from '../config/config.ts';

/** A digest of what a configuration does with responses of a content type. */
export function ruleDigest(config: Config, contentType: ContentType): string {
  const { identity, upstream, ttl, routes } = config;
  // HTTP's own rules give the lifetimes of `standard`; what is popular is counted by each instance for itself.
  const lifetimes = contentType.kind === 'rule' ? { ...ttl, popular: undefined } : undefined;
  const tagged = routes.filter(({ type }) => type === contentType.name).map(({ tags }) => rawOf(tags));
  const routeTags = [...new Set(tagged)].sort();
  return hash(
    'sha256',
    JSON.stringify([identity, upstream.host, lifetimes, contentType, routeTags], plain),
    'hex',
  );
}

const rawOf = (tags: ContentType['tags']): string => JSON.stringify(tags.map(({ raw }) => raw));

/** JSON knows no maps, sets and patterns: it would take all of them for the same. */
function plain(_name: string, value: unknown): unknown {
  if (value instanceof Map || value instanceof Set) return [...(value as Iterable<unknown>)];
  return value instanceof RegExp ? String(value) : value;
}
