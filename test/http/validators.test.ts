import t from 'tap';
import {
  etagText,
  parseEntityTag,
  parseEntityTags,
  stronglyEqual,
  weaklyEqual,
} from '../../src/http/entity-tags.ts';
import {
  conditionalFields,
  evaluateConditional,
  freshen,
  headFreshens,
  notModifiedFields,
  selects304,
} from '../../src/http/validators.ts';
import { epochMs } from '../../src/kit/time.ts';

const strong = (opaque: string) => ({ weak: false, opaque });
const weak = (opaque: string) => ({ weak: true, opaque });

t.test('§8.8.3: entity tags', async (t) => {
  t.same(parseEntityTags(' * '), { kind: 'any' });
  for (const [value, tags] of [
    ['', []],
    [', ,', []],
    ['"a"', [strong('a')]],
    ['""', [strong('')]],
    ['W/"a"', [weak('a')]],
    ['w/"a"', [weak('a')]],
    ['W"a"', [weak('a')]],
    ['a', [weak('a')]],
    ['W/a', [weak('a')]],
    ['"a","b"', [strong('a'), strong('b')]],
    ['"a,b" , W/"c,"', [strong('a,b'), weak('c,')]],
    ['"a\\", "b"', [strong('a\\'), strong('b')]],
    ['"a, b', [weak('"a, b')]],
    ['"a"b', [weak('"a"b')]],
    ['*, "a"', [weak('*'), strong('a')]],
  ] as const) {
    t.same(parseEntityTags(value), { kind: 'tags', tags }, value);
  }
});

t.test('§8.8.3.2: comparison', async (t) => {
  const [a, weakA, b] = ['"a"', 'W/"a"', '"b"'].map(parseEntityTag) as [
    ReturnType<typeof strong>,
    ReturnType<typeof weak>,
    ReturnType<typeof strong>,
  ];
  t.ok(stronglyEqual(a, a));
  t.notOk(stronglyEqual(a, weakA));
  t.notOk(stronglyEqual(weakA, weakA));
  t.notOk(stronglyEqual(a, b));
  t.ok(weaklyEqual(a, weakA));
  t.notOk(weaklyEqual(a, b));
});

t.test('one tag, or none', async (t) => {
  t.equal(etagText(['ETag', ' "a" ', 'etag', '"a"']), '"a"');
  t.equal(etagText(['ETag', '"a"', 'ETag', '"b"']), undefined);
  t.equal(etagText(['ETag', '']), undefined);
});

t.test('§13.2: conditions on other methods are left to the origin', async (t) => {
  const input = {
    requestFields: ['If-None-Match', '"a"'],
    storedStatus: 200,
    storedFields: ['ETag', '"a"'],
    responseTime: epochMs(0),
  };
  t.equal(evaluateConditional({ ...input, method: 'PUT' }), 'forward');
  t.equal(evaluateConditional({ ...input, method: 'HEAD' }), 'not-modified');
});

t.test('§4.3.1: exactly one tag and one date', async (t) => {
  const date = 'Sun, 06 Nov 1994 08:49:37 GMT';
  t.same(conditionalFields(['ETag', '"a"', 'Last-Modified', date]), [
    'If-None-Match',
    '"a"',
    'If-Modified-Since',
    date,
  ]);
  t.same(conditionalFields(['Last-Modified', 'x']), []);
  t.same(conditionalFields(['ETag', '']), []);
});

t.test('§15.4.5: content metadata of a 304 is ignored', async (t) => {
  const kept = ['ETag', '"a"', 'Vary', 'b', 'Content-Location', '/c', 'Content-Security-Policy', 'd'];
  t.same(
    notModifiedFields([
      ...kept,
      'Content-Type',
      'x',
      'Content-Length',
      '1',
      'content-encoding',
      'gzip',
      'Repr-Digest',
      'y',
    ]),
    kept,
  );
});

t.test('§4.3.4: which stored response a 304 is about', async (t) => {
  const date = 'Sun, 06 Nov 1994 08:49:37 GMT';
  const stored = ['ETag', '"a"', 'Last-Modified', date];
  t.ok(selects304(stored, []));
  t.ok(selects304(stored, ['ETag', 'W/"a"']));
  t.notOk(selects304(stored, ['ETag', '"b"']));
  t.notOk(selects304([], ['ETag', '"b"']));
  t.ok(selects304(stored, ['Last-Modified', 'Sunday, 06-Nov-94 08:49:37 GMT']));
  t.notOk(selects304(stored, ['Last-Modified', 'Sun, 06 Nov 1994 08:49:38 GMT']));
  t.notOk(selects304(['ETag', '"a"'], ['Last-Modified', date]));
});

t.test('§3.2: freshening', async (t) => {
  const freshened = freshen(
    ['ETag', '"a"', 'X', '1', 'X', '2', 'Age', '9', 'Content-Type', 'a/b'],
    ['x', '3', 'Content-Type', 'c/d', 'Keep-Alive', 'x'],
    epochMs(0),
  );
  t.same(freshened, [
    'ETag',
    '"a"',
    'Content-Type',
    'a/b',
    'x',
    '3',
    'Date',
    'Thu, 01 Jan 1970 00:00:00 GMT',
  ]);
  t.hasStrict(freshen([], ['ETag', '"a"', 'Date', 'd'], epochMs(0)), ['ETag', '"a"', 'Date', 'd']);
  t.same(freshen([], ['Content-Type', 'a/b', 'Date', 'd'], epochMs(0)), ['Date', 'd']);
});

t.test('§4.3.5: HEAD', async (t) => {
  const stored = { fields: ['ETag', '"a"'], contentLength: 10 };
  const head = (fields: string[], status = 200) => headFreshens(stored, { status, fields });
  t.equal(head([]), 'freshen');
  t.equal(head(['Content-Length', '10', 'ETag', '"a"']), 'freshen');
  t.equal(head(['Content-Length', '11', 'ETag', '"a"']), 'invalidate');
  t.equal(head(['Content-Length', 'x']), 'invalidate');
  t.equal(head(['ETag', '"b"']), 'invalidate');
  t.equal(head(['Content-Length', '0']), 'ignore');
  t.equal(head(['Content-Length', '0', 'Last-Modified', 'x']), 'invalidate');
  t.equal(head(['ETag', '"b"', 'Content-Encoding', 'br']), 'ignore');
  t.equal(head([], 404), 'ignore');
  t.equal(
    headFreshens({ fields: [], contentLength: 0 }, { status: 200, fields: ['Content-Length', '0'] }),
    'freshen',
  );
});
