/**
 * Whether the visitor's copy is still good: ETags, and the answers to conditional requests.
 *
 * As Flask apps do it by hand: `If-None-Match` is compared as one exact string (no lists, no `*`), the 304 is bare.
 */
import { createHash } from 'node:crypto';
import type { Reply, Visit } from './visit.ts';

/** A weak ETag over everything a representation is made of. */
export const weakEtag = (...parts: readonly unknown[]): string =>
  `W/"${createHash('sha1').update(JSON.stringify(parts)).digest('hex')}"`;

/** Tells whether the visitor's copy is the current one. `If-Modified-Since` counts only without `If-None-Match`. */
export const isCurrentCopy = (visit: Visit, etag: string, modified?: Date): boolean => {
  const given = visit.headers['if-none-match'];
  if (given !== undefined) return given === etag;
  const since = Date.parse(visit.headers['if-modified-since'] ?? '');
  return modified !== undefined && Math.floor(modified.getTime() / 1000) * 1000 <= since;
};

/**
 * The 304 of Flask's `return '', 304`: no ETag, no Last-Modified, and, because an empty answer counts as HTML there,
 * the fields that forbid storing.
 */
export const bareNotModified = (): Reply => ({ status: 304, headers: { ...unstorable }, body: '' });

/** What every page is sent with that has no ETag. */
export const unstorable = {
  'cache-control': 'no-cache, no-store, must-revalidate',
  pragma: 'no-cache',
  expires: '0',
} as const;
