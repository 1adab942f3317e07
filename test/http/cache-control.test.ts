import t from 'tap';
import {
  effectiveDirectives,
  noRequestDirectives,
  noResponseDirectives,
  parseRequestDirectives,
  parseResponseDirectives,
} from '../../src/http/cache-control.ts';
import { longestTime } from '../../src/http/directives.ts';

const response = (...values: string[]) =>
  parseResponseDirectives(values.flatMap((value) => ['Cache-Control', value]));
const request = (...values: string[]) =>
  parseRequestDirectives(values.flatMap((value) => ['Cache-Control', value]));

t.test('without the field there are no directives', async (t) => {
  t.equal(parseResponseDirectives(['X', 'y']), noResponseDirectives);
  t.equal(parseRequestDirectives(['X', 'y']), noRequestDirectives);
  t.same(response(''), noResponseDirectives);
  t.same(request(''), noRequestDirectives);
});

t.test('§5.2.2: each response directive', async (t) => {
  for (const [value, name] of [
    ['no-store', 'noStore'],
    ['no-cache', 'noCache'],
    ['private', 'private'],
    ['public', 'public'],
    ['must-revalidate', 'mustRevalidate'],
    ['proxy-revalidate', 'proxyRevalidate'],
    ['must-understand', 'mustUnderstand'],
    ['no-transform', 'noTransform'],
    ['immutable', 'immutable'],
  ] as const) {
    t.same(response(value), { ...noResponseDirectives, [name]: true }, value);
    t.same(response(value.toUpperCase()), { ...noResponseDirectives, [name]: true }, value);
  }
  for (const [value, name] of [
    ['max-age', 'maxAge'],
    ['s-maxage', 'sMaxage'],
    ['stale-while-revalidate', 'staleWhileRevalidate'],
    ['stale-if-error', 'staleIfError'],
  ] as const) {
    t.same(response(`${value}=5`), { ...noResponseDirectives, [name]: 5 }, value);
    t.same(response(`${value}="5"`), { ...noResponseDirectives, [name]: 5 }, value);
  }
});

t.test('§5.2.1: each request directive', async (t) => {
  for (const [value, name] of [
    ['no-store', 'noStore'],
    ['no-cache', 'noCache'],
    ['no-transform', 'noTransform'],
    ['only-if-cached', 'onlyIfCached'],
  ] as const) {
    t.same(request(value), { ...noRequestDirectives, [name]: true }, value);
  }
  for (const [value, name] of [
    ['max-age', 'maxAge'],
    ['min-fresh', 'minFresh'],
    ['max-stale', 'maxStale'],
    ['stale-if-error', 'staleIfError'],
  ] as const) {
    t.same(request(`${value}=5`), { ...noRequestDirectives, [name]: 5 }, value);
  }
  t.equal(request('max-stale').maxStale, longestTime);
  t.equal(request('max-stale, max-stale=3').maxStale, 3);
  t.equal(request('stale-if-error=x').staleIfError, undefined);
});

t.test('§5.2.2.4, §5.2.2.7: field names', async (t) => {
  t.same(response('private="A, b"').privateFields, ['a', 'b']);
  t.same(response('no-cache="A"', 'no-cache="b"').noCacheFields, ['a', 'b']);
  t.equal(response('private="A, b"').private, false);
  for (const value of [
    'private=""',
    'private="a b"',
    'private=',
    'private ="a"',
    'private= "a"',
    'private="a"b',
    'private=1',
    'private="a',
    'private; max-age=5',
  ]) {
    t.equal(response(value).private, true, value);
  }
});

t.test('§1.2.2: numbers too large are the longest time', async (t) => {
  t.equal(response('max-age=99999999999999999999').maxAge, longestTime);
  t.equal(response(`max-age=${'9'.repeat(1000)}`).maxAge, longestTime);
});

t.test('RFC 9213 §2.2: the first valid targeted field rules', async (t) => {
  const cdn = ['CDN-Cache-Control', 'max-age=5'];
  const own = ['Shelflife-Cache-Control', 'max-age=6'];
  const plain = ['Cache-Control', 'max-age=7, no-store'];
  t.hasStrict(effectiveDirectives([...plain, ...cdn, ...own]), {
    targetedBy: 'shelflife-cache-control',
    maxAge: 6,
    noStore: false,
  });
  t.hasStrict(effectiveDirectives([...plain, ...cdn]), { targetedBy: 'cdn-cache-control', maxAge: 5 });
  t.hasStrict(effectiveDirectives(plain), { targetedBy: undefined, maxAge: 7, noStore: true });
  t.hasStrict(effectiveDirectives([...plain, ...own], []), { targetedBy: undefined, maxAge: 7 });
  t.hasStrict(effectiveDirectives(['CDN-Cache-Control', 'max-age=5, x="max-age=1.5, s-maxage=2.5"']), {
    maxAge: 5,
  });
  t.hasStrict(effectiveDirectives(['CDN-Cache-Control', 's-maxage=2.5']), { targetedBy: undefined });
});

t.test('Surrogate-Control and X-Accel-Expires count where they are listed', async (t) => {
  const names = ['surrogate-control', 'x-accel-expires'] as const;
  const date = ['Date', 'Thu, 01 Jan 1970 00:01:40 GMT'];
  for (const [fields, expected] of [
    [['Surrogate-Control', 'max-age=300, content="ESI/1.0"'], { maxAge: 300, noStore: false }],
    [
      ['Surrogate-Control', 'max-age=300+60, stale-while-revalidate=9'],
      { maxAge: 300, staleWhileRevalidate: 9 },
    ],
    [['Surrogate-Control', 'max-age=x'], { maxAge: 0 }],
    [['Surrogate-Control', 'no-store, max-age=300+60'], { noStore: true }],
    [['Surrogate-Control', 'content="ESI/1.0"'], { targetedBy: undefined, maxAge: 7 }],
    [['Surrogate-Control', ' '], { targetedBy: undefined }],
    [['Surrogate-Control', 'max-age=5', 'X-Accel-Expires', '6'], { maxAge: 5 }],
    [['Surrogate-Control', 'max-age=5', 'Cache-Control', 'private'], { maxAge: 5, private: true }],
    [['X-Accel-Expires', '60'], { maxAge: 60, noStore: false, targetedBy: 'x-accel-expires' }],
    [['X-Accel-Expires', '60', 'Cache-Control', 'private="set-cookie"'], { maxAge: 60, private: false }],
    [['X-Accel-Expires', '0'], { noStore: true, maxAge: undefined }],
    [['X-Accel-Expires', '@160', ...date], { maxAge: 60 }],
    [['X-Accel-Expires', '@100', ...date], { noStore: true }],
    [['X-Accel-Expires', '@160'], { noStore: true }],
    [['X-Accel-Expires', '60, 90'], { noStore: true }],
    [['X-Accel-Expires', 'off'], { noStore: true }],
    [['X-Accel-Expires', ''], { targetedBy: undefined }],
  ] as const) {
    const all = [...fields, 'Cache-Control', 'max-age=7'];
    t.hasStrict(effectiveDirectives(all, names), expected, fields.join(' '));
  }
  t.equal(effectiveDirectives(['Surrogate-Control', 'max-age=5']).targetedBy, undefined, 'not by default');
});

t.test('RFC 9213 §2.1: each known directive must have its type', async (t) => {
  const flags =
    'no-store public must-revalidate proxy-revalidate must-understand no-transform immutable private no-cache';
  const lifetimes = 'max-age s-maxage stale-while-revalidate stale-if-error';
  const by = (value: string) => effectiveDirectives(['CDN-Cache-Control', value]).targetedBy;
  for (const name of flags.split(' ')) {
    t.equal(by(name), 'cdn-cache-control', name);
    t.equal(by(`${name}=1`), undefined, name);
    t.same(
      effectiveDirectives(['CDN-Cache-Control', `${name}=?0`]),
      { ...noResponseDirectives, targetedBy: 'cdn-cache-control' },
      name,
    );
  }
  for (const name of lifetimes.split(' ')) {
    t.equal(by(`${name}=1`), 'cdn-cache-control', name);
    for (const value of ['', '=1.0', '="1"', '=x', '=?1']) t.equal(by(name + value), undefined, name + value);
  }
});
