import t from 'tap';
import { lazyJson, longestJsonBytes, valueAt } from '../../../src/policy/lifetime/json-pointer.ts';

t.test("RFC 6901 §5: the RFC's own examples", (t) => {
  const document: unknown = JSON.parse(
    '{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\\\j":5,"k\\"l":6," ":7,"m~n":8}',
  );
  for (const [tokens, value] of [
    [[], document],
    [['foo'], ['bar', 'baz']],
    [['foo', '0'], 'bar'],
    [[''], 0],
    [['a/b'], 1],
    [['c%d'], 2],
    [['e^f'], 3],
    [['g|h'], 4],
    [['i\\j'], 5],
    [['k"l'], 6],
    [[' '], 7],
    [['m~n'], 8],
  ] as const) {
    t.same(valueAt(document, tokens), value, JSON.stringify(tokens));
  }
  t.end();
});

t.test('a missing value is undefined: bad indices, inherited names, scalars', (t) => {
  const document = { list: ['a'], text: 'abc', none: null };
  for (const tokens of [
    ['list', '-'],
    ['list', '00'],
    ['list', '1'],
    ['list', 'length'],
    ['text', '0'],
    ['text', 'length'],
    ['none', 'x'],
    ['toString'],
    ['__proto__'],
    ['constructor', 'name'],
  ]) {
    t.equal(valueAt(document, tokens), undefined, JSON.stringify(tokens));
  }
  t.equal(valueAt(undefined, ['a']), undefined);
  t.end();
});

t.test('no body makes it throw', (t) => {
  const deep = '['.repeat(200_000);
  const bodies = [
    '',
    '{',
    'nul',
    deep,
    deep + ']'.repeat(200_000),
    '\ufffe',
    `"${'x'.repeat(longestJsonBytes)}"`,
  ];
  for (const body of bodies) t.doesNotThrow(() => valueAt(lazyJson(() => Buffer.from(body))(), ['0']));
  t.equal(lazyJson(() => undefined)(), undefined);
  t.same(lazyJson(() => Buffer.from('\ufeff{"a":1}'))(), { a: 1 });
  t.end();
});

t.test('a body is recognised as JSON by its content, whatever it begins with', async (t) => {
  const parsed = (text: string) => lazyJson(() => Buffer.from(text))();
  for (const text of [
    '{"a":1}',
    '[1]',
    '"a"',
    '-1',
    '0',
    'true',
    'false',
    'null',
    ' \t\r\n{"a":1}',
    '\ufeff[1]',
  ])
    t.strictSame(parsed(text), JSON.parse(text.replace('\ufeff', '')), text);
  t.strictSame(parsed(`${' '.repeat(1000)}{"a":1}`), { a: 1 }, 'after a thousand spaces');
  for (const text of ['', ' ', '<html>', 'x', '+1', '.5', "'a'", '\u00a0{}', '\ufeff\ufeff{}', '{', 'truth'])
    t.equal(parsed(text), undefined, text);
});
