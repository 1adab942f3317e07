import fc from 'fast-check';
import t from 'tap';
import { targetText } from '../../src/http/path-spelling.ts';
import { type BadTarget, longestTarget, normaliseTarget } from '../../src/http/target.ts';

const paths: readonly (readonly [string, string])[] = [
  ['/', '/'],
  ['/a/b.c', '/a/b.c'],
  ['//a///b', '//a///b'],
  ['/a//', '/a//'],
  ['///', '///'],
  ['/img//https://host/a.jpg', '/img//https://host/a.jpg'],
  ['/a%2fb', '/a%2Fb'],
  ['/a/%2f../b', '/a/%2F../b'],
  ['/a/%2e%2e%2fb', '/a/..%2Fb'],
  ['/a%5cb', '/a%5Cb'],
  ['/a%3bb', '/a%3Bb'],
  ['/%e9%EC', '/%E9%EC'],
  ['/\u00e9', '/%E9'],
  ['/%c0%af', '/%C0%AF'],
  ['/%ed%a0%80', '/%ED%A0%80'],
  ['/%252f', '/%252f'],
  ['/a/..hidden', '/a/..hidden'],
  ['/a/..%3b/b', '/a/..%3B/b'],
  ['/./a/./b', '/a/b'],
  ['/a/../b', '/b'],
  ['/a/..', '/'],
  ['/a/b/..', '/a/'],
  ['/a/.', '/a/'],
  ['/../../a', '/a'],
  ['/a//../b', '/a/b'],
  ['//..', '/'],
  ['/%2e/a', '/a'],
  ['/a/%2E%2e/b', '/b'],
  ['/a/.%2e/b', '/b'],
  ['/fil%65s', '/files'],
  ['/%7Euser', '/~user'],
  ['/a%2cb%3a%40', '/a,b:@'],
  ['/a%2Bb+c', '/a+b+c'],
  ['/a%20b', '/a%20b'],
  ['/a%c3%a9', '/a%C3%A9'],
  ['/a\u00c3\u00a9', '/a%C3%A9'],
  ['/{a}|"<>^`[b]', '/%7Ba%7D%7C%22%3C%3E%5E%60%5Bb%5D'],
  ['/%2541', '/%2541'],
  ['/a%3Fb%23', '/a%3Fb%23'],
  ['/a;b=c/d;e', '/a;b=c/d;e'],
  ['/...', '/...'],
  ['/.well-known/x', '/.well-known/x'],
  ['/..a', '/..a'],
];

t.test('RFC 3986 §6.2.2: one spelling for every path', async (t) => {
  for (const [raw, path] of paths) t.same(normaliseTarget(raw), { kind: 'ok', path, query: undefined }, raw);
});

t.test('the query is kept as sent', async (t) => {
  t.hasStrict(normaliseTarget('/a?'), { path: '/a', query: '' });
  t.hasStrict(normaliseTarget('/a?b=%2f%61?c\\;d//../e'), { path: '/a', query: 'b=%2f%61?c\\;d//../e' });
  t.hasStrict(normaliseTarget('/a/../?x=é'), { path: '/', query: 'x=é' });
  t.equal(targetText('/a', undefined), '/a');
  t.equal(targetText('/a', ''), '/a?');
});

t.test('ambiguous targets are refused', async (t) => {
  const refused: readonly (readonly [string, BadTarget])[] = [
    ['', 'not-a-path'],
    ['a', 'not-a-path'],
    ['**', 'not-a-path'],
    ['www.example.org:443', 'not-a-path'],
    ['ftp://a/', 'bad-scheme'],
    ['http:///a', 'bad-authority'],
    ['http://user@a/', 'bad-authority'],
    ['http://a%2Fb/', 'bad-authority'],
    ['http://a b/', 'bad-authority'],
    ['http://a/\\', 'backslash'],
    ['/a b', 'space'],
    ['/a?b c', 'space'],
    ['/a#b', 'fragment'],
    ['/a?b#c', 'fragment'],
    ['http://a#b', 'fragment'],
    ['/a\n', 'control-character'],
    ['/a?\u0000', 'control-character'],
    ['/a\u007f', 'control-character'],
    ['/%00', 'control-character'],
    ['/%1f', 'control-character'],
    ['/%7F', 'control-character'],
    ['/a\\b', 'backslash'],
    ['/..;/a', 'dot-segment-with-parameter'],
    ['/a/.;x=y', 'dot-segment-with-parameter'],
    ['/%2e%2e;/a', 'dot-segment-with-parameter'],
    ['/%', 'bad-escape'],
    ['/%4', 'bad-escape'],
    ['/%zz', 'bad-escape'],
    ['/%u0041', 'bad-escape'],
    ['/\u20ac', 'not-a-byte'],
    ['/%2525252525', 'too-many-readings'],
    ['/a%25252f%255c;%3b//%c0%af/..%2f%25c0%25af;//%5c', 'too-many-readings'],
    [`/${'a'.repeat(longestTarget)}`, 'too-long'],
  ];
  for (const [raw, reason] of refused)
    t.same(normaliseTarget(raw), { kind: 'bad', reason }, raw.slice(0, 40));
  t.hasStrict(normaliseTarget(`/${'a'.repeat(longestTarget - 1)}`), { kind: 'ok' });
});

t.test('RFC 9112 §3.2.2, §3.2.4: absolute and asterisk form', async (t) => {
  t.same(normaliseTarget('*'), { kind: 'asterisk' });
  t.same(normaliseTarget('HTTP://Www.Example.org:80/a?b'), {
    kind: 'ok',
    path: '/a',
    query: 'b',
    absolute: { scheme: 'http', authority: 'www.example.org:80' },
  });
  t.hasStrict(normaliseTarget('https://a'), {
    path: '/',
    query: undefined,
    absolute: { scheme: 'https', authority: 'a' },
  });
  t.hasStrict(normaliseTarget('http://a?b'), { path: '/', query: 'b' });
});

const piece = fc.oneof(
  fc.constantFrom(
    '/',
    '//',
    '.',
    '..',
    '%2e',
    '%2E',
    ';',
    '%25',
    '%',
    '%2f',
    '%5C',
    '%3b',
    '%fF',
    '%252F',
    '?',
    'a',
    'é',
    '%C3%A9',
    '%zz',
    '+',
    '{',
    '\\',
  ),
  fc.string({ maxLength: 3 }),
);

t.test('normalising twice changes nothing, and the result is canonical', async () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const once = normaliseTarget(`/${pieces.join('')}`);
      if (once.kind !== 'ok') return true;
      const twice = normaliseTarget(targetText(once.path, once.query));
      const isCanonical = !/\/\.{1,2}(?:\/|$)|[^\x21-\x7e]|%[0-9A-F]?[a-f]/.test(once.path);
      return isCanonical && twice.kind === 'ok' && twice.path === once.path && twice.query === once.query;
    }),
    { numRuns: 3000 },
  );
});
