/** proxy/compressor.ts: every caller gets an answer, and the queue is bounded. */
import { gunzipSync } from 'node:zlib';
import t from 'tap';
import { Compressor } from '../../../src/proxy/fetch/compressor.ts';
import { eventually } from '../../helpers/eventually.ts';
import { MemoryStore } from '../../../src/store/memory.ts';
import { entryBut } from '../../store/entry.ts';

const mib = 1024 * 1024;
const storeOf = () => new MemoryStore({ maxBytes: 100 * mib });

t.test('text gets smaller and decodes to the same; what would not get smaller stays as it is', async (t) => {
  const compressor = new Compressor(storeOf());
  const body = Buffer.alloc(mib, 'the same again ');
  const smaller = await compressor.compress(entryBut({ body }));
  t.equal(smaller?.coding, 'gzip');
  t.ok((smaller?.body.length ?? mib) < mib / 10);
  t.ok(gunzipSync(smaller?.body ?? Buffer.alloc(0)).equals(body));
  t.equal(await compressor.compress(entryBut({ body: Buffer.from('x') })), undefined);
});

t.test('entries beyond the queue’s bound stay as they are, until there is time', async (t) => {
  const store = storeOf();
  const compressor = new Compressor(store);
  const body = Buffer.alloc(mib, 'the same again ');
  const pages = Array.from({ length: 40 }, (_, at) => entryBut({ body }, `page${at}`));
  const waits = pages.map((entry) => {
    const smaller = compressor.compress(entry);
    store.put(entry, smaller);
    return smaller;
  });
  const atOnce = (await Promise.all(waits)).filter((entry) => entry !== undefined).length;
  t.ok(atOnce >= 4 && atOnce <= 8, `${atOnce} of 40`);
  const plain = () => [...store.entries()].filter(({ coding }) => coding === undefined).length;
  await eventually('the rest has had its turn', () => plain() === 0);
  t.ok([...store.entries()].every((entry) => gunzipSync(entry.body).equals(body)));
});

t.test('an entry that was replaced or dropped meanwhile does not come back', async (t) => {
  const store = storeOf();
  const compressor = new Compressor(store);
  const body = Buffer.alloc(9 * mib, 'the same again ');
  const first = compressor.compress(entryBut({ body }, 'first'));
  const [replaced, dropped, kept] = ['replaced', 'dropped', 'kept'].map((name) => entryBut({ body }, name));
  for (const entry of [replaced, dropped, kept]) {
    if (entry === undefined) continue;
    // There is room for one: these are put off.
    void compressor.compress(entryBut({ body }, 'filler'));
    store.put(entry, compressor.compress(entry));
  }
  const newer = entryBut({ body: Buffer.from('newer') }, 'replaced');
  store.put(newer);
  if (dropped !== undefined) store.remove(dropped);
  await first;
  const keptNow = () => (kept === undefined ? undefined : store.peek(kept.key)[0]?.coding);
  await eventually('the one that stays has had its turn', () => keptNow() === 'gzip');
  t.strictSame(store.peek(newer.key), [newer]);
  if (dropped !== undefined) t.strictSame(store.peek(dropped.key), []);
});

t.test('a body larger than the queue’s bound is compressed when the queue is empty', async (t) => {
  const compressor = new Compressor(storeOf());
  const body = Buffer.alloc(20 * mib, 'the same again ');
  t.not(await compressor.compress(entryBut({ body })), undefined);
});
