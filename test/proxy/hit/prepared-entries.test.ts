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

t.test('what is decoded is kept for the next client, unless it is large or many came after it', async (t) => {
  const prepared = new PreparedEntries();
  const decodings: number[] = [];
  const formOf = (entry: ReturnType<typeof entryBut>, bytes: number) =>
    prepared.plainOf(entry, (coded) => {
      decodings.push(bytes);
      return { ...coded, coding: undefined, body: Buffer.alloc(bytes) };
    });
  const [small, large] = [entryBut({ coding: 'gzip' }), entryBut({ coding: 'gzip' })];
  t.equal(formOf(small, 1000), formOf(small, 1001));
  for (const bytes of [70_000, 70_001]) t.equal(formOf(large, bytes).body.length, bytes);
  for (let other = 0; other < 32; other += 1) formOf(entryBut({ coding: 'gzip' }), 0);
  t.equal(formOf(small, 1002).body.length, 1002);
  t.strictSame(
    decodings.filter((bytes) => bytes > 0),
    [1000, 70_000, 70_001, 1002],
  );
  t.equal(
    prepared.plainOf(large, (entry) => entry),
    large,
    'what cannot be decoded stays as it is',
  );
});
