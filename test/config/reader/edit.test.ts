/** Changes of single places in YAML by table: everything else stays byte for byte. */
import t from 'tap';
import { type Edit, editYaml } from '../../../src/config/reader/edit.ts';

const set = (value: unknown, ...path: (string | number)[]): Edit => ({ op: 'set', path, value });
const add = (value: unknown, ...path: (string | number)[]): Edit => ({ op: 'add', path, value });
const remove = (at: number, ...path: (string | number)[]): Edit => ({ op: 'remove', path, at });

t.test('edits by table', async (t) => {
  for (const { before, edit, after } of [
    {
      before: 'a:\n  b:   60s   # why\n  c: 1\n',
      edit: set('2m', 'a', 'b'),
      after: 'a:\n  b:   2m   # why\n  c: 1\n',
    },
    { before: 'a: { b: "60s", c: 1 } # x\n', edit: set('2m', 'a', 'b'), after: 'a: { b: 2m, c: 1 } # x\n' },
    {
      before: 'a:\n  c: 1 # one\n  # end\nd: 2\n',
      edit: set('2m', 'a', 'b'),
      after: 'a:\n  c: 1 # one\n  b: 2m\n  # end\nd: 2\n',
    },
    { before: 'a: { c: 1, }\n', edit: set('2m', 'a', 'b'), after: 'a: { c: 1, b: 2m, }\n' },
    { before: 'a: {}\n', edit: set(1, 'a', 'b'), after: 'a: { b: 1 }\n' },
    { before: 'a: # later\nd: 1\n', edit: set(1, 'a', 'b'), after: 'a: { b: 1 } # later\nd: 1\n' },
    { before: 'a: 1', edit: set('x', 'b', 'c', 'd'), after: 'a: 1\nb: { c: { d: x } }' },
    { before: '# nothing yet\n', edit: add('x', 'b'), after: '# nothing yet\nb: [ x ]\n' },
    { before: 'a: [x, y]\n', edit: add('*z', 'a'), after: 'a: [x, y, "*z"]\n' },
    {
      before: 'a:\n- x # 1\n- y # 2\nb: 1\n',
      edit: add({ c: 1 }, 'a'),
      after: 'a:\n- x # 1\n- y # 2\n- { c: 1 }\nb: 1\n',
    },
    {
      before: 'a:\n  - m: 1\n    n: [p]\n',
      edit: add('q', 'a', 0, 'n'),
      after: 'a:\n  - m: 1\n    n: [p, q]\n',
    },
    {
      before: 'a:\n  - m: 1\n    n: 2\n',
      edit: set(3, 'a', 0, 'o'),
      after: 'a:\n  - m: 1\n    n: 2\n    o: 3\n',
    },
    { before: 'a: |\n  text\n', edit: set(1, 'b'), after: 'a: |\n  text\nb: 1\n' },
    {
      before: 'a:\r\n  b: 1\r\nc: 2\r\n',
      edit: set(2, 'a', 'd'),
      after: 'a:\r\n  b: 1\r\n  d: 2\r\nc: 2\r\n',
    },
    { before: 'a: [x, y, z]\n', edit: remove(1, 'a'), after: 'a: [x, z]\n' },
    { before: 'a: [x, y]\n', edit: remove(0, 'a'), after: 'a: [y]\n' },
    { before: 'a: [ x ]\n', edit: remove(0, 'a'), after: 'a: [  ]\n' },
    { before: 'a:\n  - x # gone\n  - y\n', edit: remove(0, 'a'), after: 'a:\n  - y\n' },
    {
      before: 'a: ${SECRET:-x}\nb: { c: ${D} }\n',
      edit: set(1, 'b', 'e'),
      after: 'a: ${SECRET:-x}\nb: { c: ${D}, e: 1 }\n',
    },
  ]) {
    const result = editYaml(before, [edit]);
    t.same(result, { kind: 'ok', text: after }, JSON.stringify(before));
  }
});

t.test('what cannot be changed in place is refused', async (t) => {
  for (const { before, edit } of [
    { before: 'a: &x { b: 1 }\nc: *x\n', edit: set(2, 'a', 'b') },
    { before: 'a: &x { b: 1 }\nc: *x\n', edit: set(2, 'c', 'b') },
    { before: 'a: [1]\n', edit: set(2, 'a') },
    { before: 'a: 1\n', edit: add(2, 'a') },
    { before: 'a: 1\n', edit: set(2, 'a', 'b') },
    { before: 'a: [1]\n', edit: remove(3, 'a') },
    { before: 'b: [1]\n', edit: remove(0, 'a') },
    { before: 'a: [1\n', edit: set(1, 'b') },
  ])
    t.match(editYaml(before, [edit]), { kind: 'refused' }, before);
  t.match(editYaml('a: 1\n', [set(1, 'b'), add(1, 'a')]), { kind: 'refused', place: 'a' }, 'all or none');
});
