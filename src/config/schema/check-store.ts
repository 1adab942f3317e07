/** Reads the section `store`: what is kept, where, and how far instances may lag behind each other. */

import type { YAMLMap } from 'yaml';
import { checkAccess, loginOf, redisAccessKeys, wholeUrl } from './check-redis-access.ts';
import { type RedisConfig, type RedisServer, type StoreConfig, defaults } from '../config.ts';
import { checkOneOf } from '../reader/one-of.ts';
import { peer, redisUrl } from '../reader/read-address.ts';
import { bool, duration, number, positive, size, text, textAs, word } from '../reader/read-scalar.ts';
import {
  type Reader,
  type Reading,
  type Shape,
  failed,
  listOf,
  notEmpty,
  optional,
  or,
  placeOfKey,
  section,
  then,
} from '../reader/reader.ts';

const keyName = textAs({
  expected: 'a name of letters, digits, and . : _ -',
  code: 'bad-name',
  // Braces would make it a hash tag and put the whole store on one node of a cluster.
  parse: (written) => (/^[\w.:-]{1,64}$/.test(written) ? written : undefined),
});

const redisKeys = {
  url: optional(redisUrl),
  cluster: optional(notEmpty(listOf(peer))),
  sentinels: optional(notEmpty(listOf(peer))),
  name: optional(text),
  database: optional(number({ min: 0, max: 1_000_000, whole: true })),
  ...redisAccessKeys,
  prefix: or(keyName, defaults.redis.prefix),
  owner: optional(keyName),
  deadline: or(positive, defaults.redis.deadline),
  max_bytes: or(size(1024 ** 2), defaults.redis.maxBytes),
  fill_lock: or(bool, defaults.redis.fillLock),
};

const redisSection = section(redisKeys, (read, at, node) => {
  checkOneOf(['url', 'cluster', 'sentinels'], at, node);
  if (node.has('name') && !node.has('sentinels')) {
    at.report('conflicting-keys', '`name` requires `sentinels`', placeOfKey(node, 'name'));
  }
  if (node.has('sentinels') && !node.has('name')) {
    at.report(
      'missing-key',
      '`sentinels` requires `name`, the master they watch',
      placeOfKey(node, 'sentinels'),
    );
  }
  checkDatabase(read, at, node);
  checkAccess(read, at, node);
});

function checkDatabase(
  { url, database }: { readonly url?: string | undefined; readonly database?: number | undefined },
  at: Reading,
  node: YAMLMap,
): void {
  const refuse = (why: string): void => at.report('conflicting-keys', why, placeOfKey(node, 'database'));
  if (node.has('cluster') && (database ?? 0) !== 0) refuse('a Cluster has only database 0');
  if (node.has('database') && url !== undefined && new URL(url).pathname.length > 1)
    refuse('the URL already has a database number');
}

type Redis = Shape<typeof redisKeys>;

const redis: Reader<RedisConfig> = then(redisSection, (read) => {
  const { prefix, owner, deadline, maxBytes, fillLock } = read;
  const server = serverOf(read);
  return server === undefined ? failed : { prefix, owner, deadline, maxBytes, fillLock, server };
});

function serverOf(read: Redis): RedisServer | undefined {
  const { url, cluster, sentinels, name, database, tls } = read;
  const login = loginOf(read.username, read.password);
  if (url !== undefined) return { kind: 'url', url: wholeUrl(url, read), tls };
  if (cluster !== undefined) return { kind: 'cluster', nodes: cluster, login, tls };
  if (sentinels === undefined || name === undefined) return undefined;
  const sentinelLogin = loginOf(read.sentinelUsername, read.sentinelPassword);
  return { kind: 'sentinels', sentinels, name, database, login, sentinelLogin, tls };
}

const storeSection = section(
  {
    memory: or(size(1024 ** 2), defaults.store.memoryBytes),
    max_object: or(size(1024), defaults.store.maxObjectBytes),
    coherence: or(word(['bounded', 'strict']), defaults.store.coherence),
    lag: or(positive, defaults.store.lag),
    fallback_ttl: or(duration, defaults.store.fallbackTtl),
    compress: or(bool, defaults.store.compress),
    redis: optional(redis),
  },
  (read, at, node) => {
    if (read.memory === undefined || read.maxObject === undefined || read.maxObject <= read.memory) return;
    // A memory smaller than the default object needs no `max_object`: the smaller bound applies.
    if (node.has('max_object'))
      at.report(
        'out-of-range',
        '`max_object` must not be larger than `memory`',
        placeOfKey(node, 'max_object'),
      );
  },
);

export const store: Reader<StoreConfig> = then(
  storeSection,
  ({ memory, maxObject, ...rest }): StoreConfig => {
    return { ...rest, memoryBytes: memory, maxObjectBytes: Math.min(maxObject, memory) };
  },
);
