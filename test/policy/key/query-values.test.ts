import t from 'tap';
import { decodeBytes, decodeEscapes, queryValues } from '../../../src/policy/key/query-values.ts';

t.test('the values of a parameter, decoded, in order', (t) => {
  for (const [query, values] of [
    ['a=1&b=2&a=3', ['1', '3']],
    ['%61=x%26y', ['x&y']],
    ['a=x=y', ['x=y']],
    ['a', ['']],
    ['a=%E9', ['%E9']],
    ['aa=1&&=2', []],
    ['', []],
    [undefined, []],
  ] as const) {
    t.same(queryValues(query, 'a'), values, JSON.stringify(query ?? null));
  }
  t.end();
});

t.test('text that is not UTF-8 stays as it is', (t) => {
  t.equal(decodeEscapes('%zz%41'), '%zz%41');
  t.equal(decodeEscapes('%D7%A9'), 'ש');
  t.equal(decodeBytes('\xd7\xa9'), 'ש');
  t.equal(decodeBytes('\xe9'), '\xe9');
  t.end();
});
