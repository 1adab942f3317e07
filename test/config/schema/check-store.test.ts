import t from 'tap';
import { configIn, problemsBelow, upstream } from '../fixture.ts';

const redisIn = (keys: string) => configIn(`${upstream}store: { redis: { ${keys} } }`).store.redis;

t.test('Redis is one URL, a cluster, or sentinels with a name', async (t) => {
  t.match(redisIn('url: "rediss://:pw@r:6379/2"'), {
    server: { kind: 'url', url: 'rediss://:pw@r:6379/2' },
    prefix: 'shelflife',
    deadline: 0.05,
    maxBytes: 500_000_000,
    fillLock: false,
  });
  t.match(redisIn('cluster: ["a:1", "[::1]:2"]'), {
    server: {
      kind: 'cluster',
      nodes: [
        { host: 'a', port: 1 },
        { host: '::1', port: 2 },
      ],
    },
  });
  t.match(redisIn('sentinels: ["a:1"], name: m'), {
    server: { kind: 'sentinels', sentinels: [{ host: 'a', port: 1 }], name: 'm' },
  });
});

t.test('the database number is in the URL or beside it, and beside Sentinels', async (t) => {
  t.match(redisIn('url: "redis://a/7"'), { server: { url: 'redis://a/7' } });
  t.match(redisIn('url: "redis://a", database: 7'), { server: { url: 'redis://a/7' } });
  t.match(redisIn('sentinels: ["a:1"], name: m, database: 7'), { server: { database: 7 } });
  t.match(redisIn('cluster: ["a:1"], database: 0'), { server: { kind: 'cluster' } });
});

t.test('an installation may have a name', async (t) => {
  t.match(redisIn('url: "redis://a", owner: shop'), { owner: 'shop' });
});

const bad: readonly (readonly [string, string])[] = [
  ['prefix: x', '17 missing-key'],
  ['url: redis://a, cluster: ["b:1"]', '44 conflicting-keys'],
  ['url: redis://a, name: m', '41 conflicting-keys'],
  ['sentinels: ["a:1"]', '30 missing-key'],
  ['cluster: []', '28 empty-value'],
  ['cluster: ["a:0"]', '29 bad-address'],
  ['url: http://a', '24 bad-url'],
  ['url: redis://a/zero', '24 bad-url'],
  ['url: redis://a/0?maxRetriesPerRequest=9', '24 bad-url'],
  ['url: redis://a, prefix: "{a}"', '43 bad-name'],
  ['cluster: ["a:1"], database: 1', '47 conflicting-keys'],
  ['cluster: ["a:1/1"]', '29 bad-address'],
  ['url: redis://a/1, database: 1', '47 conflicting-keys'],
  ['url: redis://a, database: -1', '45 out-of-range'],
  ['url: redis://a, owner: "a b"', '42 bad-name'],
  ['url: redis://a, deadline: 0', '45 out-of-range'],
];
for (const [keys, expected] of bad) {
  t.test(`redis: \`${keys}\` is refused`, async (t) => {
    t.strictSame(problemsBelow(`store: { redis: { ${keys} } }`), [`1:${expected}`]);
  });
}

t.test('sizes and durations of the store are read and bounded', async (t) => {
  t.match(
    configIn(`${upstream}store: { memory: 1GiB, max_object: 1MB, coherence: strict, fallback_ttl: 0 }`).store,
    {
      memoryBytes: 2 ** 30,
      maxObjectBytes: 1_000_000,
      coherence: 'strict',
      lag: 1,
      fallbackTtl: 0,
      compress: true,
      redis: undefined,
    },
  );
  t.strictSame(problemsBelow('store: { memory: 64 }'), ['1:18 out-of-range']);
  t.strictSame(problemsBelow('store: { memory: 2MiB, max_object: 3MiB }'), ['1:36 out-of-range']);
  t.equal(configIn(`${upstream}store: { memory: 2MiB }`).store.maxObjectBytes, 2 * 1024 ** 2);
});
