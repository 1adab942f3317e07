/** The fields by which an app tells caches what to do: its tags, its lifetimes and its purges. Names are lower-case. */

export const tagFields = ['surrogate-key', 'cache-tag', 'xkey', 'x-litespeed-tag', 'cache-groups'] as const;
export type TagField = (typeof tagFields)[number];

/** Fields that replace `Cache-Control` for this cache, the most specific first (RFC 9213 §2.2, §3.1). */
export const lifetimeFields = [
  'shelflife-cache-control',
  'cdn-cache-control',
  'surrogate-control',
  'x-accel-expires',
] as const;
export type LifetimeField = (typeof lifetimeFields)[number];

/** Fields by which the answer to an unsafe request purges. */
export const purgeFields = ['cache-group-invalidation', 'x-litespeed-purge'] as const;
export type PurgeField = (typeof purgeFields)[number];

export const appFields = [...tagFields, ...lifetimeFields, ...purgeFields] as const;
export type AppField = (typeof appFields)[number];
