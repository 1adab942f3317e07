/**
 * What Redis keys there are (docs/operating.md lists them). All begin with the prefix; what is used together shares a hash
 * tag, so that it shares a slot of a Cluster.
 */

import type { CacheKey } from '../../policy/key/cache-key.ts';
import { codecVersion } from './codec.ts';

/** The names of one prefix. */
export type RedisKeys = {
  /** A hash: the variants of a key, each an entry's bytes. Of the layout's version: others have others. */
  readonly entry: (key: CacheKey) => string;
  /** What the keys of entries begin with, of any layout. */
  readonly entryPattern: string;
  /** The key of an entry's name; `undefined` for other names and layouts. */
  readonly keyOf: (name: string) => CacheKey | undefined;
  /** A stream: the purge log. The same for all versions: they must hear each other's purges. */
  readonly log: string;
  /** A hash: who reads the log, how far it has come, and until when that counts. */
  readonly instances: string;
  /** A hash of one field: whose the prefix is, and until when that counts. */
  readonly owner: string;
  /** A string: who fetches a key. */
  readonly fill: (key: CacheKey) => string;
  /** A string: some instance runs a job that is for all. */
  readonly job: (name: string) => string;
  /** A string: the origin itself gave or renewed the session cookie with this digest. */
  readonly learned: (cookieDigest: string) => string;
  /** A hash: what instances have noted on a subject, by author. */
  readonly notes: (subject: string) => string;
};

/** Makes the names below `prefix`. */
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
