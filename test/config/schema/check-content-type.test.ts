import t from 'tap';
import { configIn, problemsBelow, upstream } from '../fixture.ts';

const typeIn = (keys: string) =>
  configIn(`${upstream}content_types: { a: { ${keys} } }`).contentTypes.get('a');

t.test('a content type without keys has the defaults', async (t) => {
  t.match(typeIn(''), {
    kind: 'rule',
    name: 'a',
    ttl: undefined,
    scope: 'user',
    cacheControl: 'obey',
    tags: [],
    vary: { cookies: [], headers: [] },
    query: { kind: 'all' },
    ordered: false,
    staleWhileRevalidate: 0,
    staleIfError: 0,
    staleAfter: undefined,
    setCookie: 'keep',
    refreshAhead: false,
    etag: false,
    clientReload: 'honour',
    unless: [],
    min: undefined,
    max: undefined,
  });
  t.strictSame(
    [...(typeIn('')?.statuses.keys() ?? [])],
    [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501],
  );
});

const guide = {
  user_stats: 300,
  file_content: 3600,
  file_list: 60,
  markdown_render: 1800,
  search_results: 180,
};
const guideToo = { public_stats: 600, bookmarks: 120, tags: 300, settings: 60 };
for (const [name, ttl] of Object.entries({ ...guide, ...guideToo })) {
  t.test(`${name} lives ${ttl} seconds unless it says otherwise, declared or not`, async (t) => {
    const declared = configIn(`${upstream}content_types: { ${name}: {} }`);
    t.equal(declared.contentTypes.get(name)?.ttl, ttl);
    const used = configIn(`${upstream}routes: [{ match: GET /a, type: ${name} }]`);
    t.match(used.contentTypes.get(name), { ttl, kind: 'rule', scope: 'user' });
    t.equal(configIn(upstream).contentTypes.has(name), false);
    t.equal(configIn(`${upstream}content_types: { ${name}: { ttl: 7s } }`).contentTypes.get(name)?.ttl, 7);
  });
}

const readings: readonly (readonly [string, object])[] = [
  [
    'vary: { cookies: [UI], headers: [Accept-Language] }',
    { vary: { cookies: ['UI'], headers: ['accept-language'] } },
  ],
  ['query: { ignore: [utm_*] }', { query: { kind: 'ignore', patterns: ['utm_*'] } }],
  ['query: { only: [page] }', { query: { kind: 'only', names: ['page'] } }],
  [
    'query: { only: [page], reload: { no_cache: "1" } }',
    { query: { kind: 'only', names: ['page'], reload: [{ name: 'no_cache', value: '1' }] } },
  ],
  ['stale_after: 300ms', { staleAfter: 0.3 }],
  ['unless: { json: { /ok: false } }', { unless: [{ kind: 'json', pointer: ['ok'], value: false }] }],
  ['unless: { body_contains: [a, b] }', { unless: [{ text: 'a' }, { text: 'b' }] }],
  ['unless: { smaller_than: 20B }', { unless: [{ kind: 'smaller_than', bytes: 20 }] }],
  ['unless: { response_header: { X: 1 } }', { unless: [{ kind: 'response_header', name: 'x', value: '1' }] }],
  ['max: 10s', { min: 10, max: 10 }],
  ['min: 3h', { min: 10_800, max: 10_800 }],
  ['min: 10s, max: 10m', { min: 10, max: 600 }],
];
for (const [keys, expected] of readings) {
  t.test(`\`${keys}\` is read`, async (t) => {
    t.match(typeIn(keys), expected);
  });
}

t.test('statuses are a mapping with lifetimes or a list without', async (t) => {
  t.strictSame(
    [...(typeIn('statuses: { 200: 60s, 404: 30s }')?.statuses ?? [])],
    [
      [200, 60],
      [404, 30],
    ],
  );
  t.strictSame(
    [...(typeIn('statuses: [200, 404]')?.statuses ?? [])],
    [
      [200, undefined],
      [404, undefined],
    ],
  );
});

const bad: readonly (readonly [string, string])[] = [
  ['scope: all', '30 bad-value'],
  ['tags: files', '29 wrong-type'],
  ['query: {}', '30 missing-key'],
  ['query: { only: [a], ignore: [b] }', '38 conflicting-keys'],
  ['query: { ignore: [a], reload: { a: "1" } }', '53 conflicting-keys'],
  ['query: { reload: {} }', '40 empty-value'],
  ['query: { reload: [a] }', '40 wrong-type'],
  ['statuses: { 206: 1m }', '35 out-of-range'],
  ['statuses: [503]', '34 out-of-range'],
  ['statuses: { ok: 1m }', '35 bad-value'],
  ['statuses: { 200: no }', '40 bad-duration'],
  ['vary: { headers: [Cookie] }', '41 bad-value'],
  ['vary: { headers: ["a b"] }', '41 bad-name'],
  ['vary: { cookies: ["a;b"] }', '41 bad-name'],
  ['min: 2m, max: 1m', '28 min-over-max'],
  ['unless: {}', '31 empty-value'],
  ['unless: { json: {} }', '39 empty-value'],
  ['unless: { smaller_than: 0 }', '47 out-of-range'],
  ['cache-control: obey', '23 unknown-key'],
];
for (const [keys, expected] of bad) {
  t.test(`\`${keys}\` is refused`, async (t) => {
    t.strictSame(problemsBelow(`content_types: { a: { ${keys} } }`), [`1:${expected}`]);
  });
}

t.test('standard and pass always exist with their fixed meaning', async (t) => {
  const { contentTypes } = configIn(upstream);
  t.equal(contentTypes.get('standard')?.kind, 'standard');
  t.equal(contentTypes.get('pass')?.kind, 'pass');
  t.strictSame(problemsBelow('content_types: { pass: {} }'), ['1:18 reserved-name']);
  t.strictSame(problemsBelow('content_types: { "a b": {} }'), ['1:18 bad-name']);
});

t.test('standard accepts only keys that leave HTTP’s rules in force', async (t) => {
  const config = configIn(`${upstream}content_types: { standard: { etag: true, stale_if_error: 1h } }`);
  t.match(config.contentTypes.get('standard'), { kind: 'standard', etag: true, staleIfError: 3600 });
  for (const key of [
    'ttl: 5m',
    'scope: user',
    'cache_control: obey',
    'min: 1s',
    'max: 1m',
    'statuses: [200]',
    'vary: {}',
  ]) {
    const column = 30 + key.indexOf(':') + 2;
    t.strictSame(
      problemsBelow(`content_types: { standard: { ${key} } }`),
      [`1:${column} conflicting-keys`],
      key,
    );
  }
});
