import t from 'tap';
import { entryBytes, headBytes, headOf, nameOf } from '../../src/store/store.ts';
import { entryBut, tagsOf } from './entry.ts';

t.test('a head is the entry without its body, and weighs the same', async (t) => {
  const entry = entryBut({ body: Buffer.from('body') });
  const head = headOf(entry);
  t.equal('body' in head, false);
  t.match(head, { key: entry.key, bodyBytes: 4 });
  t.equal(headBytes(head), entryBytes(entry));
});

t.test('every text and every byte of an entry counts', async (t) => {
  const entry = entryBut({ fields: ['a', 'b'], tags: tagsOf('c'), target: '/d' });
  for (const [change, more] of [
    [{ body: Buffer.concat([entry.body, Buffer.from('12345')]) }, 5],
    [{ fields: ['a', 'b', 'cd', ''] }, 24 + 2 + 24],
    [{ tags: tagsOf('c', 'efg') }, 24 + 3],
    [{ target: '/d/e' }, 2],
  ] as const) {
    t.equal(entryBytes({ ...entry, ...change }) - entryBytes(entry), more, Object.keys(change).join());
  }
});

t.test('a name tells variants and keys apart', async (t) => {
  const names = [entryBut(), entryBut({ variant: 'b' }), entryBut({}, 'other')].map(nameOf);
  t.equal(new Set(names).size, 3);
});
