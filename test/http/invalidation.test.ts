import t from 'tap';
import { liteSpeedPurges } from '../../src/http/litespeed-purge.ts';
import { cacheGroups, invalidatedGroups, longestGroup, mostGroups } from '../../src/http/groups.ts';
import { invalidationTargets, isUnsafeMethod } from '../../src/http/invalidation.ts';

const write = {
  method: 'POST',
  status: 200,
  target: '/a/b?c',
  scheme: 'https',
  host: 'a.example',
  fields: [],
} as const;

t.test('X-LiteSpeed-Purge: tags, paths, everything; private and stale for a part', async (t) => {
  const purges = (value: string, method = 'POST') =>
    liteSpeedPurges({ method, fields: ['X-LiteSpeed-Purge', value] });
  const nothing = { tags: [], paths: [], everything: false, private: false, soft: false };
  t.same(purges('tag=a, tag= b c ,/x?y=1'), [{ ...nothing, tags: ['a', 'b c'], paths: ['/x?y=1'] }]);
  t.same(purges('stale, tag=a; private, *'), [
    { ...nothing, tags: ['a'], soft: true },
    { ...nothing, everything: true, private: true },
  ]);
  for (const value of ['', 'tag=', 'a', 'private', 'tag', ';;']) t.same(purges(value), [], value);
  t.same(purges('*', 'GET'), []);
  t.ok(purges(`${'tag=a,'.repeat(9000)};`.repeat(900)).length <= 256);
  t.same(purges('tag=a,'.repeat(9000)), [{ ...nothing, everything: true }], 'none is left out');
  t.equal(purges(`${'tag=b,'.repeat(300)}tag=a`)[0]?.tags.at(-1), 'a');
});

t.test('§4.4: the target, Location and Content-Location, each once', async (t) => {
  t.same(invalidationTargets(write), ['/a/b?c']);
  t.same(invalidationTargets({ ...write, fields: ['Location', '/x//y', 'Content-Location', '../z?q'] }), [
    '/a/b?c',
    '/x//y',
    '/z?q',
  ]);
  t.same(invalidationTargets({ ...write, fields: ['Location', 'https://A.example:443/a/b?c'] }), ['/a/b?c']);
});

t.test('§4.4: safe methods and errors invalidate nothing', async (t) => {
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'TRACE']) {
    t.notOk(isUnsafeMethod(method));
    t.same(invalidationTargets({ ...write, method }), []);
  }
  for (const status of [100, 199, 400, 500]) t.same(invalidationTargets({ ...write, status }), []);
  t.same(invalidationTargets({ ...write, status: 399 }), ['/a/b?c']);
  t.ok(isUnsafeMethod('get'), 'methods are case-sensitive');
});

t.test('§4.4: another origin is never invalidated', async (t) => {
  for (const location of [
    'http://a.example/',
    'https://a.example:8443/',
    'https://b.example/',
    '//b.example/',
    'mailto:x',
    'https://[',
    'data:,x',
  ]) {
    t.same(invalidationTargets({ ...write, fields: ['Location', location] }), ['/a/b?c'], location);
  }
  t.same(
    invalidationTargets({ ...write, host: '[', fields: ['Location', '/x'] }),
    ['/a/b?c'],
    'an invalid host',
  );
  t.same(
    invalidationTargets({ ...write, fields: ['Location', '/%zz'] }),
    ['/a/b?c'],
    'a target that would be refused',
  );
});

t.test('RFC 9875: groups are bounded Lists of Strings', async (t) => {
  t.same(cacheGroups(['Cache-Groups', '"a", "b"', 'cache-groups', '"a";x, ""']), ['a', 'b', '']);
  t.same(cacheGroups([]), []);
  t.same(cacheGroups(['Cache-Groups', '"a", 1']), []);
  t.same(cacheGroups(['Cache-Groups', '"a']), []);
  const list = Array.from({ length: mostGroups + 1 }, (_, at) => `"${at}"`).join(',');
  t.equal(cacheGroups(['Cache-Groups', list]), 'too-many');
  t.same(cacheGroups(['Cache-Groups', `"${'a'.repeat(longestGroup)}"`]), ['a'.repeat(longestGroup)]);
  t.equal(cacheGroups(['Cache-Groups', `"a", "${'b'.repeat(longestGroup + 1)}"`]), 'too-many');
  const fields = ['Cache-Group-Invalidation', '"a"'];
  t.same(invalidatedGroups({ method: 'POST', fields }), ['a']);
  for (const value of [list, `"a", "${'b'.repeat(longestGroup + 1)}"`])
    t.equal(invalidatedGroups({ method: 'POST', fields: ['Cache-Group-Invalidation', value] }), 'all');
  t.same(invalidatedGroups({ method: 'GET', fields }), []);
});
