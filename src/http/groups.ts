/**
 * Cache groups (RFC 9875): responses that are made stale together.
 *
 * Promises: nothing throws; a field that is not a List of Strings is ignored; what is kept is bounded.
 */
import { parseList } from 'structured-headers';
import { combinedValue } from './fields.ts';
import { isUnsafeMethod } from './invalidation.ts';
import type { Fields } from './message.ts';

/** More than the 32 groups of 32 characters RFC 9875 §2 has every cache support; what exceeds it is left out. */
export const mostGroups = 128;
export const longestGroup = 256;

/** The groups a stored response belongs to (`Cache-Groups`, RFC 9875 §2). Names are case-sensitive. */
export const cacheGroups = (fields: Fields): string[] => parseGroups(fields, 'cache-groups');

/**
 * The groups a response makes stale (`Cache-Group-Invalidation`, RFC 9875 §3): of the same origin only, and without
 * cascade: what is made stale this way makes nothing else stale.
 *
 * §3: the field "MUST be ignored on responses to requests with a safe method".
 */
export const invalidatedGroups = ({ method, fields }: { method: string; fields: Fields }): string[] =>
  isUnsafeMethod(method) ? parseGroups(fields, 'cache-group-invalidation') : [];

const parseGroups = (fields: Fields, lowerName: string): string[] => {
  const value = combinedValue(fields, lowerName);
  if (value === undefined) return [];
  try {
    const members = parseList(value).map((member): unknown => member[0]);
    if (!members.every((member) => typeof member === 'string')) return [];
    return [...new Set(members.filter((group) => group.length <= longestGroup))].slice(0, mostGroups);
  } catch {
    // No List: RFC 9651 §4.2 has the whole field ignored, and the response merely belongs to no group.
    return [];
  }
};
