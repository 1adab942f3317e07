import t from 'tap';
import {
  deltaSeconds,
  listedNames,
  longestTime,
  parseDeltaSeconds,
  parseDirectives,
} from '../../src/http/directives.ts';

const parse = (...values: string[]) =>
  parseDirectives(
    values.flatMap((value) => ['X', value]),
    'x',
  );

t.test('RFC 9111 §5.2: the forms a directive comes in', async (t) => {
  for (const [value, directive] of [
    ['A', { name: 'a', argument: '', form: 'none' }],
    ['a=B', { name: 'a', argument: 'B', form: 'token' }],
    ['a="B, c"', { name: 'a', argument: 'B, c', form: 'quoted' }],
    ['a=""', { name: 'a', argument: '', form: 'quoted' }],
    ['a="b\\"c\\\\d"', { name: 'a', argument: 'b"c\\d', form: 'quoted' }],
    ['a=', { name: 'a', argument: '', form: 'malformed' }],
    ['a =b', { name: 'a', argument: '=b', form: 'malformed' }],
    ['a= b', { name: 'a', argument: ' b', form: 'malformed' }],
    ['a; b', { name: 'a', argument: 'b', form: 'malformed' }],
    ['a="b"c', { name: 'a', argument: '"b"c', form: 'malformed' }],
    ['="b"', { name: '', argument: 'b', form: 'quoted' }],
  ] as const) {
    t.same(parse(value), [directive], value);
  }
});

t.test('a line whose quotes can end in different places is read both ways', async (t) => {
  const names = (...values: string[]) => new Set(parse(...values).map(({ name }) => name));
  t.ok(names('a="b', 'c, d="').has('c'));
  t.ok(names('a="b', 'c", d, e="f').has('d'));
  t.same(parse('a', 'b').length, 2, 'and without quotes only once');
  t.same(parse('a="b", c').length, 2);
});

t.test('§1.2.2: delta-seconds', async (t) => {
  t.equal(parseDeltaSeconds('007'), 7);
  t.equal(parseDeltaSeconds('1e3'), undefined);
  t.equal(parseDeltaSeconds(''), undefined);
  t.equal(parseDeltaSeconds('9'.repeat(50)), longestTime);
  t.equal(deltaSeconds({ name: 'a', argument: '7', form: 'malformed' }), undefined);
  t.equal(deltaSeconds({ name: 'a', argument: '7', form: 'quoted' }), 7);
});

t.test('names an argument lists', async (t) => {
  const listed = (value: string) => parse(value).map(listedNames);
  t.same(listed('a="B, c-d"'), [['b', 'c-d']]);
  t.same(listed('a="\\b"'), [['b']]);
  t.same(listed('a=B'), [['b']]);
  for (const value of ['a', 'a=""', 'a=","', 'a="b c"', 'a="b, c d"', 'a=1', 'a =b', 'a="b'])
    t.same(listed(value), [undefined], value);
});
