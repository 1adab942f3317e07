import t from 'tap';
import { noVarySearch, whatMatters } from '../../src/http/no-vary-search.ts';

const rule = (value: string) => noVarySearch(['No-Vary-Search', value]);
const left = (value: string, query: string) => {
  const read = rule(value);
  return read === undefined ? 'all of it' : whatMatters(query, read);
};

t.test('what is left of a query', async (t) => {
  for (const [value, query, expected] of [
    ['params', 'a=1&b=2', undefined],
    ['params, except=("a")', 'b=2&a=1&a=0', 'a=1&a=0'],
    ['params=("utm" "ref")', 'b=2&utm=x&a=1&ref', 'b=2&a=1'],
    ['params=("utm"), key-order', 'b=2&utm=x&a=1', 'a=1&b=2'],
    ['key-order', 'b=2&a=1&b=1', 'a=1&b=2&b=1'],
    ['params=("a b" "%C3%A9")', 'a+b=1&a%20b=2&%c3%a9=3&c=4', 'c=4'],
    ['params=("a")', '%61=1&b=2', 'b=2'],
    ['params=("a=b")', 'a=b&a%3Db=1', 'a=b'],
    ['params=()', 'a=1', 'a=1'],
    ['params;x=1, other=1', 'a=1', undefined],
  ] as const) {
    t.equal(left(value, query), expected, `${value} of ${query}`);
  }
  t.equal(whatMatters(undefined, { matters: 'all', names: [], ordered: true }), undefined);
});

t.test('what is not valid leaves all of it', async (t) => {
  for (const value of [
    '',
    '"',
    'params=?0',
    'key-order=?0',
    'key-order=1, params',
    'params=(utm)',
    'params=("a" 1)',
    'params="a"',
    'except=("a")',
    'params=?0, except=("a")',
    'params=("a"), except=("b")',
    'params, except="a"',
    `params=(${'"a" '.repeat(300)})`,
  ]) {
    t.equal(rule(value), undefined, value.slice(0, 40));
  }
  t.equal(noVarySearch([]), undefined);
});
