import t from 'tap';
import { combinedValue } from '../../../src/http/fields.ts';
import { PreparedEntries } from '../../../src/proxy/hit/prepared-entries.ts';
import { entryBut } from '../../store/entry.ts';

t.test('Age and Content-Length are written anew, all other fields as they are', async (t) => {
  const prepared = new PreparedEntries();
  for (const [status, length] of [
    [200, '4'],
    [204, undefined],
  ] as const) {
    const entry = entryBut({
      status,
      fields: ['Age', '9', 'X-A', 'b', 'content-length', '7'],
      body: Buffer.from('body'),
    });
    const fields = prepared.fieldsOf(entry);
    t.equal(combinedValue(fields, 'content-length'), length, String(status));
    t.equal(combinedValue(fields, 'age'), undefined);
    t.equal(combinedValue(fields, 'x-a'), 'b');
    t.equal(prepared.fieldsOf(entry), fields, 'made once');
  }
});

t.test('an entry made from another has forms of its own', async (t) => {
  const prepared = new PreparedEntries();
  const entry = entryBut({ body: Buffer.from('body'), coding: 'gzip' });
  t.equal(combinedValue(prepared.gzipOf(entry).fields, 'content-encoding'), 'gzip');
  t.equal(prepared.gzipOf(entry), prepared.gzipOf(entry), 'made once');
  prepared.fieldsOf(entry);
  const other = { ...entry, body: Buffer.from('longer') };
  t.equal(combinedValue(prepared.fieldsOf(other), 'content-length'), '6');
  t.equal(prepared.gzipOf(other).body, other.body);
});

t.test(
  'what is decoded is kept for the next client, unless it is too large or many came after it',
  async (t) => {
    const prepared = new PreparedEntries();
    const decodings: number[] = [];
    const formOf = (entry: ReturnType<typeof entryBut>, bytes: number) =>
      prepared.plainOf(entry, (coded) => {
        decodings.push(bytes);
        return { ...coded, coding: undefined, body: Buffer.alloc(bytes) };
      });
    const [small, large, tooLarge] = [1, 2, 3].map(() => entryBut({ coding: 'gzip' }));
    if (small === undefined || large === undefined || tooLarge === undefined) return;
    t.equal(formOf(small, 1000), formOf(small, 1001));
    for (const bytes of [70_000, 70_001]) t.equal(formOf(large, bytes).body.length, 70_000);
    const most = 2 * 1024 * 1024;
    for (const bytes of [most, most + 1]) t.equal(formOf(tooLarge, bytes).body.length, bytes);
    for (let other = 0; other < 31; other += 1) {
      formOf(entryBut({ coding: 'gzip' }), 0);
      t.equal(formOf(small, 1001).body.length, 1000, 'what is asked for stays');
    }
    t.equal(formOf(large, 70_002).body.length, 70_002, 'as many came after it as are kept');
    t.strictSame(
      decodings.filter((bytes) => bytes > 0),
      [1000, 70_000, most, most + 1, 70_002],
    );
    const others = [1, 2, 3].map(() => entryBut({ coding: 'gzip' }));
    for (const other of others) formOf(other, 900_000);
    decodings.length = 0;
    for (const other of others.toReversed()) formOf(other, 900_000);
    t.strictSame(decodings, [900_000], 'no more bytes than 2 MiB are kept');
    t.equal(
      prepared.plainOf(tooLarge, (entry) => entry),
      tooLarge,
      'what cannot be decoded stays as it is',
    );
  },
);
