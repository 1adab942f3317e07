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
