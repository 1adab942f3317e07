/** Reads cache groups (RFC 9875): responses that become stale together. A field that is not a List of Strings is ignored. */
import { parseList } from 'structured-headers';
import { combinedValue } from './fields.ts';
import { isUnsafeMethod } from './invalidation.ts';
import type { Fields } from './message.ts';

/** RFC 9875 §2 requires at least 32 groups of 32 characters. */
export const mostGroups = 128;
export const longestGroup = 256;

/** The groups of a stored response (`Cache-Groups`, RFC 9875 §2). */
export const cacheGroups = (fields: Fields): string[] => parseGroups(fields, 'cache-groups');

/** The groups a response makes stale (`Cache-Group-Invalidation`, RFC 9875 §3). A safe method invalidates nothing. */
export const invalidatedGroups = ({ method, fields }: { method: string; fields: Fields }): string[] =>
  isUnsafeMethod(method) ? parseGroups(fields, 'cache-group-invalidation') : [];

function parseGroups(fields: Fields, lowerName: string): string[] {
  const value = combinedValue(fields, lowerName);
  if (value === undefined) return [];
  try {
    const members = parseList(value).map((member): unknown => member[0]);
    if (!members.every((member) => typeof member === 'string')) return [];
    return [...new Set(members.filter((group) => group.length <= longestGroup))].slice(0, mostGroups);
  } catch {
    // RFC 9651 §4.2: a field that is not a List is ignored.
    return [];
  }
}
