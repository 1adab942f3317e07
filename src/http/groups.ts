/** Reads cache groups (RFC 9875): responses that become stale together. A field that is not a List of Strings is ignored. */
import { parseList } from 'structured-headers';
import { combinedValue } from './fields.ts';
import { isUnsafeMethod } from './invalidation.ts';
import type { Fields } from './message.ts';

/** RFC 9875 §2 requires at least 32 groups of 32 characters. */
export const mostGroups = 128;
export const longestGroup = 256;

/** The groups of a response (`Cache-Groups`, RFC 9875 §2). `too-many`: not to be stored, for a group left out could not end it. */
export function cacheGroups(fields: Fields): readonly string[] | 'too-many' {
  const groups = parseGroups(fields, 'cache-groups');
  return groups.length <= mostGroups && groups.every(isShort) ? groups : 'too-many';
}

/**
 * The groups a response makes stale (`Cache-Group-Invalidation`, RFC 9875 §3). A safe method invalidates nothing. `all`: more
 * than are looked at, or one that stored responses are not known by.
 */
export function invalidatedGroups({ method, fields }: Answer): readonly string[] | 'all' {
  if (!isUnsafeMethod(method)) return [];
  const groups = parseGroups(fields, 'cache-group-invalidation');
  return groups.length <= mostGroups && groups.every(isShort) ? groups : 'all';
}

type Answer = { readonly method: string; readonly fields: Fields };

const isShort = (group: string): boolean => group.length <= longestGroup;

function parseGroups(fields: Fields, lowerName: string): string[] {
  const value = combinedValue(fields, lowerName);
  if (value === undefined) return [];
  try {
    const members = parseList(value).map((member): unknown => member[0]);
    if (!members.every((member) => typeof member === 'string')) return [];
    return [...new Set(members)];
  } catch {
    // RFC 9651 §4.2: a field that is not a List is ignored.
    return [];
  }
}
