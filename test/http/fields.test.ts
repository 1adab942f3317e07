import t from 'tap';
import {
  combinedValue,
  endToEndFields,
  fieldLines,
  hasField,
  parseList,
  trimWhitespace,
  withoutFields,
} from '../../src/http/fields.ts';

const fields = ['Foo', 'a', 'BAR', ' b ', 'foo', 'c', 'Empty', ''];

t.test('§5.1: names are compared without regard to case', async (t) => {
  t.same(fieldLines(fields, 'foo'), ['a', 'c']);
  t.same(fieldLines(fields, 'none'), []);
  t.ok(hasField(fields, 'bar'));
  t.notOk(hasField(fields, 'ba'));
  t.notOk(hasField(fields, 'baz'));
});

t.test('§5.3: lines are joined with a comma', async (t) => {
  t.equal(combinedValue(fields, 'foo'), 'a, c');
  t.equal(combinedValue(fields, 'bar'), 'b');
  t.equal(combinedValue(fields, 'empty'), '');
  t.equal(combinedValue(fields, 'none'), undefined);
});

t.test('fields are left out by name, the others stay as they are', async (t) => {
  t.same(withoutFields(fields, new Set(['foo', 'empty'])), ['BAR', ' b ']);
});

t.test('§7.6.1: hop-by-hop fields and those listed in Connection are not forwarded', async (t) => {
  const given = [
    'A',
    '1',
    'connection',
    'close, X-Hop',
    'Connection',
    'x-other',
    'x-hop',
    '2',
    'X-Other',
    '3',
    'TE',
    'x',
  ];
  t.same(endToEndFields(given), ['A', '1']);
});

t.test('§7.6.1: a Connection that lists an end-to-end field is not obeyed', async (t) => {
  const names =
    'Accept Accept-Encoding Accept-Language Age Authorization Cache-Control CDN-Cache-Control Clear-Site-' +
    'Data Cookie Date ETag Expires Forwarded Host Last-Modified Location Origin Pragma Range Set-Cookie S' +
    'helflife-Cache-Control Strict-Transport-Security Vary Via WWW-Authenticate Content-Length Content-Se' +
    'curity-Policy If-Match X-Forwarded-For Access-Control-Allow-Origin Cache-Groups Cache-Group-Invalidation';
  for (const name of names.split(' ')) {
    t.same(endToEndFields(['Connection', name, name, '1']), [name, '1'], name);
  }
});

t.test('§5.6.1: lists', async (t) => {
  const lists: readonly (readonly [string, readonly string[]])[] = [
    ['', []],
    [' , ,', []],
    ['a', ['a']],
    ['a,b', ['a', 'b']],
    [' a ,\t b , ', ['a', 'b']],
    ['a="b,c", d', ['a="b,c"', 'd']],
    ['a="b\\",c", d', ['a="b\\",c"', 'd']],
    ['"a,b"', ['"a,b"']],
    ['a="\\\\", b', ['a="\\\\"', 'b']],
    ['a="\\"\\"", b', ['a="\\"\\""', 'b']],
    ['a="b, c', ['a="b', 'c']],
    ['a="b\\", c', ['a="b\\"', 'c']],
    ['"a", "b, c', ['"a"', '"b', 'c']],
    ['a="\\', ['a="\\']],
  ];
  for (const [value, members] of lists) t.same(parseList(value), members, value);
});

t.test('outer whitespace is spaces and tabs', async (t) => {
  t.equal(trimWhitespace(' \ta b\t '), 'a b');
  t.equal(trimWhitespace(' \t '), '');
  t.equal(trimWhitespace('\u00a0a'), '\u00a0a');
});
