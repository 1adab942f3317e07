/**
 * Names the keys in Redis (docs/operating.md lists them). Keys used together share a hash tag, and so a slot of a Cluster.
 */

import type { CacheKey } from '../../policy/key/cache-key.ts';
import { codecVersion } from './codec.ts';

export type RedisKeys = {
  /** A hash: the variants of a key, each as an entry's bytes. The name contains the layout version. */
  readonly entry: (key: CacheKey) => string;
  readonly entryPattern: string;
  readonly keyOf: (name: string) => CacheKey | undefined;
  /** A stream: the purge log. The same name for all versions, which must see each other's purges. */
  readonly log: string;
  /** A hash: the readers of the log, how far each has read, and when its lease ends. */
  readonly instances: string;
  readonly owner: string;
  readonly fill: (key: CacheKey) => string;
  readonly job: (name: string) => string;
  /** A string: the origin itself gave or renewed the session cookie with this digest. */
  readonly learned: (cookieDigest: string) => string;
  /** A hash: the notes of instances on a subject, by author. */
  readonly notes: (subject: string) => string;
};

/** The names below `prefix`. */
export function redisKeys(prefix: string): RedisKeys {
  const start = `${prefix}:e${codecVersion}:{`;
  return {
    entry: (key) => `${start}${key}}`,
    entryPattern: `${prefix}:e*:{*}`,
    keyOf: (name) =>
      name.startsWith(start) && name.endsWith('}') ? (name.slice(start.length, -1) as CacheKey) : undefined,
    log: `${prefix}:{log}`,
    instances: `${prefix}:{log}:instances`,
    owner: `${prefix}:{log}:owner`,
    fill: (key) => `${prefix}:fill:{${key}}`,
    job: (name) => `${prefix}:job:{${name}}`,
    learned: (cookieDigest) => `${prefix}:learned:{${cookieDigest}}`,
    notes: (subject) => `${prefix}:notes:{${subject}}`,
  };
}
