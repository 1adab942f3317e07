import { brotliCompressSync, gzipSync } from 'node:zlib';
import t from 'tap';
import {
  atPointer,
  equals,
  inField,
  longestReadBytes,
  readForm,
  readJson,
} from '../../../src/policy/rules/body-values.ts';

const json = ['Content-Type', 'application/json'];
const form = ['Content-Type', 'application/x-www-form-urlencoded'];

const read = (
  body: string | Buffer | undefined,
  fields: readonly string[] = json,
  as = readJson,
): unknown => {
  const result = as({ fields, body: typeof body === 'string' ? Buffer.from(body) : body });
  return result.kind === 'read' ? result.value : result.why;
};

t.test('JSON that every program reads in one way is read', async (t) => {
  for (const [body, value] of [
    ['{"a":{"b":[1,"x:y"]}}', { a: { b: [1, 'x:y'] } }],
    [' [] ', []],
    ['null', null],
    ['{"a\\"b:":":"}', { 'a"b:': ':' }],
    ['{"é":"ü"}', { é: 'ü' }],
  ] as const)
    t.same(read(body), value, body);
  for (const type of [
    'application/json; charset=utf-8',
    'APPLICATION/JSON',
    'application/a.b+json',
    'text/plain;charset=UTF-8',
  ])
    t.same(read('{}', ['Content-Type', type]), {}, type);
});

t.test('JSON that two programs could read in two ways is not', async (t) => {
  for (const [body, why] of [
    ['{"a":1,"a":2}', 'repeated-name'],
    ['{"a":1,"\\u0061":2}', 'repeated-name'],
    ['[{"b":{"c":1,"c":1}}]', 'repeated-name'],
    ['{"__proto__":1,"__proto__":2}', 'repeated-name'],
    ['{} x', 'syntax'],
    ['{"a":NaN}', 'syntax'],
    ['{"a":1,}', 'syntax'],
    ["{'a':1}", 'syntax'],
    ['a=1', 'syntax'],
    ['', 'syntax'],
    ['\ufeff{}', 'syntax'],
    [Buffer.from('{"a":1}', 'utf16le'), 'syntax'],
    [Buffer.from([0x22, 0xff, 0x22]), 'not-utf-8'],
    [Buffer.from([0x22, 0xc0, 0xaf, 0x22]), 'not-utf-8'],
    [undefined, 'not-whole'],
    [`"${'x'.repeat(longestReadBytes)}"`, 'not-whole'],
  ] as const)
    t.equal(read(body), why, String(body));
  for (const [fields, why] of [
    [[], 'media-type'],
    [form, 'media-type'],
    [[...json, ...form], 'media-type'],
    [[...json, ...json], 'media-type'],
    [['Content-Type', 'application/json, text/html'], 'media-type'],
    [['Content-Type', 'application/json; boundary=x'], 'media-type'],
    [['Content-Type', 'application/json; charset=utf-16'], 'not-utf-8'],
    [[...json, 'Content-Encoding', 'gzip'], 'content-coding'],
    [[...json, 'Content-Encoding', 'gzip, br'], 'content-coding'],
    [[...json, 'Content-Encoding', 'zstd'], 'content-coding'],
  ] as const)
    t.equal(read('{"a":1}', fields), why, fields.join(' '));
});

t.test('a coded body is decoded as far as it is read, a bomb is not', async (t) => {
  const gzip = [...json, 'Content-Encoding', 'gzip'];
  t.same(read(gzipSync('{"a":1}'), gzip), { a: 1 });
  t.same(read(brotliCompressSync('{"a":1}'), [...json, 'Content-Encoding', 'br']), { a: 1 });
  t.equal(read(gzipSync(' '.repeat(10 * longestReadBytes)), gzip), 'content-coding');
  t.equal(read(gzipSync('{"a":1}').subarray(0, 20), gzip), 'content-coding');
});

t.test('a body nested as deep as it is long is read, or not, without an error', async (t) => {
  const deep = longestReadBytes / 2;
  t.type(read('['.repeat(deep) + ']'.repeat(deep)), 'object');
  t.equal(read('['.repeat(deep)), 'syntax');
});

t.test('a form is read; what parsers disagree on is not', async (t) => {
  const fieldsOf = (body: string | Buffer) => read(body, form, readForm);
  t.same(
    fieldsOf('a=1&b=x+y%21&a=2&c&=d'),
    new Map([
      ['a', ['1', '2']],
      ['b', ['x y!']],
      ['c', ['']],
      ['', ['d']],
    ]),
  );
  for (const body of ['a=1;b=2', 'a=%zz', 'a=%ff', 'a=1\r\n', 'a={"b"} '])
    t.equal(fieldsOf(body), 'syntax', body);
  t.equal(fieldsOf(Buffer.from([0x61, 0x3d, 0xe9])), 'not-utf-8');
  t.equal(fieldsOf('_charset_=utf-7&a=1'), 'not-utf-8');
  t.equal(read('a=1', json, readForm as never), 'media-type');
  t.equal(read('{"a":1}', form), 'media-type', 'a form that looks like JSON');
});

t.test('RFC 6901: a pointer leads to a value, to nothing, or to doubt', async (t) => {
  const document = { 'a/b': { 'm~n': [10] }, one: { only: 1 }, list: [1, 2], none: null };
  for (const [tokens, found] of [
    [['a/b', 'm~n', '0'], { kind: 'value', value: 10, isAlone: true }],
    [['a/b', 'm~n', '00'], { kind: 'none' }],
    [['a/b', 'm~n', '-'], { kind: 'none' }],
    [['list', '1'], { kind: 'value', value: 2, isAlone: false }],
    [['one', 'only'], { kind: 'value', value: 1, isAlone: true }],
    [['none'], { kind: 'value', value: null, isAlone: false }],
    [['none', 'x'], { kind: 'none' }],
    [['toString'], { kind: 'none' }],
    [['One'], { kind: 'unsure' }],
    [['o_ne'], { kind: 'unsure' }],
  ] as const)
    t.same(atPointer(document, tokens), found, tokens.join('/'));
  t.same(atPointer(document, []), { kind: 'value', value: document, isAlone: true });
  t.same(atPointer({ work_state: 1, workState: 2 }, ['work_state']), { kind: 'unsure' });
});

t.test('a field of a form is a value, nothing, or doubt', async (t) => {
  const found = (body: string, name: string) => {
    const result = readForm({ fields: form, body: Buffer.from(body) });
    return result.kind === 'read' ? inField(result.value, name) : result;
  };
  t.same(found('a=1', 'a'), { kind: 'value', value: '1', isAlone: true });
  t.same(found('a=1&a=1&b=2', 'a'), { kind: 'value', value: '1', isAlone: false });
  t.same(found('a=1', 'b'), { kind: 'none' });
  for (const body of ['a=1&a=2', 'a%5B%5D=1', 'a%5Bx%5D=1', 'A=1', 'a=1&a.=2', 'a%00b=1'])
    t.same(found(body, 'a'), { kind: 'unsure' }, body);
});

t.test('values equal a literal exactly; one that may be the same to a program is in doubt', async (t) => {
  t.equal(equals(1, 1), true);
  t.equal(equals('1', 1), undefined);
  t.equal(equals('2', 1), false);
  t.equal(equals(null, null), true);
  t.equal(equals(9007199254740993, 9007199254740992), undefined);
});
