import fc from 'fast-check';
import t from 'tap';
import {
  hasTooManyTags,
  longestTag,
  mostResponseTags,
  renderTags,
  responseTags,
  type TagValues,
  toTag,
} from '../../../src/policy/rules/tags.ts';
import { templateOf } from '../config-of.ts';

const base: TagValues = { user: 'u1', params: {}, query: undefined, responseFields: [] };
const but = (change: Partial<TagValues>): TagValues => ({ ...base, ...change });
const rendered = (raw: string, values: TagValues) => renderTags([templateOf(raw)], values);

t.test('placeholders are filled, decoded alike from path, query and header', (t) => {
  for (const [raw, change, tags] of [
    ['stats', {}, ['stats']],
    ['files:{user}', {}, ['files:u1']],
    ['file:{id}', { params: { id: 'a%20b' } }, ['file:a b']],
    ['file:{query.id}', { query: 'x=1&id=a+b' }, ['file:a b']],
    ['file:{query.id}', { query: 'i%64=a%20b' }, ['file:a b']],
    ['file:{header.x-id}', { responseFields: ['X-Id', ' a b '] }, ['file:a b']],
    ['file:{id}', { params: { id: '%C3%A9' } }, ['file:é']],
    ['file:{header.x-id}', { responseFields: ['X-Id', '\xc3\xa9'] }, ['file:é']],
    ['file:{header.x-id}', { responseFields: ['X-Id', '\xe9'] }, ['file:é']],
    ['file:{id}', { params: { id: '%FF' } }, ['file:%FF']],
    ['file:{query.id}', { query: 'id=' }, ['file:']],
    ['{user}/{id}/{query.p}', { params: { id: '1' }, query: 'p=2' }, ['u1/1/2']],
    ['{id}', { params: { id: '{user}' } }, ['{user}']],
  ] as const) {
    t.same(rendered(raw, but(change)), { tags, skipped: [] }, `${raw} ${JSON.stringify(change)}`);
  }
  t.end();
});

t.test('a placeholder without a value makes no tag, and is reported', (t) => {
  for (const raw of ['file:{id}', 'file:{query.id}', 'file:{header.x-id}', '{id}:{user}', 'a:{toString}']) {
    t.same(rendered(raw, but({ query: 'other=1' })), { tags: [], skipped: [raw] }, raw);
  }
  t.same(rendered('files:{user}', but({ user: undefined })), { tags: [], skipped: ['files:{user}'] });
  t.end();
});

t.test('equal parameters and header lines make a tag each, each once, and not without bound', (t) => {
  t.same(rendered('f:{query.id}', but({ query: 'id=1&id=2&id=1' })).tags, ['f:1', 'f:2']);
  const query = Array.from({ length: 1000 }, (_, n) => `id=${n}`).join('&');
  t.equal(rendered('f:{query.id}:{query.id}', but({ query })).tags.length, 32);
  t.same(renderTags([templateOf('a'), templateOf('a')], base).tags, ['a']);
  t.end();
});

t.test('a route and a write agree on a value, however it was spelled', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (value) => {
      const everyByte = [...Buffer.from(value)]
        .map((byte) => `%${byte.toString(16).padStart(2, '0')}`)
        .join('');
      const id = encodeURIComponent(value);
      const [ofRoute] = rendered('f:{id}', but({ params: { id } })).tags;
      const [ofWrite] = rendered('f:{id}', but({ params: { id: everyByte } })).tags;
      const [ofQuery] = rendered('f:{query.id}', but({ query: `id=${id}` })).tags;
      return ofRoute === toTag(`f:${value}`) && ofRoute === ofWrite && ofRoute === ofQuery;
    }),
  );
  t.end();
});

t.test('a long tag is replaced by its digest, wherever it comes from', (t) => {
  const long = 'x'.repeat(longestTag + 1);
  const [tag] = rendered('{id}', but({ params: { id: long } })).tags;
  t.match(tag, /^sha256-[0-9a-f]{64}$/);
  t.equal(tag, toTag(long));
  t.same(responseTags(['Surrogate-Key', long]), [tag]);
  t.equal(toTag('x'.repeat(longestTag)), 'x'.repeat(longestTag));
  t.end();
});

t.test('Surrogate-Key is by spaces, Cache-Tag by commas, xkey by either', (t) => {
  for (const [fields, tags] of [
    [
      ['Surrogate-Key', 'a  b,c '],
      ['a', 'b,c'],
    ],
    [
      ['surrogate-key', 'a', 'Surrogate-Key', 'b'],
      ['a', 'b'],
    ],
    [
      ['Cache-Tag', 'a b , c,,'],
      ['a b', 'c'],
    ],
    [
      ['xkey', 'a, b c'],
      ['a', 'b', 'c'],
    ],
    [
      ['Surrogate-Key', 'a b', 'Cache-Tag', 'b,c', 'XKey', 'd'],
      ['a', 'b', 'c', 'd'],
    ],
    [
      ['X-LiteSpeed-Tag', 'a b, public:c'],
      ['a b', 'c'],
    ],
    [['Surrogate-Key', ''], []],
    [['X-Other', 'a'], []],
  ] as const) {
    t.same(responseTags(fields), tags, JSON.stringify(fields));
  }
  t.end();
});

t.test('only the fields that are listed are read', async (t) => {
  const fields = ['Surrogate-Key', 'a', 'Cache-Tag', 'b'];
  t.same(responseTags(fields, ['cache-tag']), ['b']);
  t.same(responseTags(fields, []), []);
});

t.test('too many tags are truncated, and this can be detected', (t) => {
  const named = (count: number) => ['xkey', Array.from({ length: count }, (_, n) => `t${n}`).join(' ')];
  t.equal(hasTooManyTags(named(mostResponseTags)), false);
  t.equal(hasTooManyTags(named(mostResponseTags + 1)), true);
  t.equal(responseTags(named(5000)).length, mostResponseTags);
  t.end();
});
