/** store/memory.ts: bounded by bytes, and what is evicted when it is full. */
import t from 'tap';
import { MemoryStore } from '../../src/store/memory.ts';
import { entryBytes, type Entry } from '../../src/store/store.ts';
import { conforms } from './conformance.ts';
import { entryBut, keyOf } from './entry.ts';

t.test('the contract of stores', (t) =>
  conforms(t, () => ({
    store: new MemoryStore({ maxBytes: 1024 * 1024 }),
    settle: () => Promise.resolve(),
  })),
);

const page = (name: string, change: Partial<Entry> = {}): Entry =>
  entryBut({ body: Buffer.alloc(1000), ...change }, name);
const weight = entryBytes(page('p000'));
const numbered = (from: number, count: number) =>
  Array.from({ length: count }, (_, at) => `p${String(from + at).padStart(3, '0')}`);
const has = (store: MemoryStore, name: string) => store.peek(keyOf(name)).length > 0;
const names = (store: MemoryStore) => new Set([...store.entries()].map(({ target }) => target.slice(1)));

t.test('a hundred thousand entries never take more than the bound', async (t) => {
  const maxBytes = 16 * 1024 * 1024;
  const store = new MemoryStore({ maxBytes });
  let most = 0;
  for (let at = 0; at < 100_000; at += 1) {
    store.put(
      entryBut({ body: Buffer.alloc(at % 300), partition: at % 3 === 0 ? 'public' : `u${at % 7}` }, `${at}`),
    );
    if (at % 5 === 0) store.use(entryBut({}, `${at - 100}`));
    most = Math.max(most, store.size().bytes);
  }
  t.ok(most <= maxBytes, `${most}`);
  const listed = [...store.entries()];
  t.equal(store.size().entries, listed.length);
  t.equal(
    store.size().bytes,
    listed.reduce((sum, entry) => sum + entryBytes(entry), 0),
    'the count is right after all that',
  );
});

t.test('entries with repeated hits survive a scan of URLs requested once', async (t) => {
  const store = new MemoryStore({ maxBytes: weight * 20 });
  for (const name of numbered(0, 5)) {
    store.put(page(name));
    store.use(page(name));
  }
  for (const name of numbered(100, 200)) store.put(page(name));
  for (const name of numbered(0, 5)) t.ok(has(store, name), name);
});

t.test('a lookup, or the hit that an entry was brought in for, does not protect it', async (t) => {
  const store = new MemoryStore({ maxBytes: weight * 20 });
  const [looked = '', first = '', used = ''] = numbered(0, 3);
  for (const name of [looked, first, used]) store.put(page(name));
  store.peek(keyOf(looked));
  store.use(page(first), true);
  store.use(page(used));
  for (const name of numbered(100, 200)) store.put(page(name));
  t.strictSame(
    [looked, first, used].map((name) => has(store, name)),
    [false, false, true],
  );
});

t.test('of the protected entries, the least recently used goes first', async (t) => {
  const store = new MemoryStore({ maxBytes: weight * 10 });
  for (const name of numbered(0, 10)) store.put(page(name));
  for (const name of numbered(0, 10)) store.use(page(name));
  store.use(page('p000'));
  for (const name of numbered(100, 2)) store.put(page(name));
  const left = names(store);
  t.ok(left.has('p000'));
  t.notOk(left.has('p001'));
  t.notOk(left.has('p002'));
});

t.test('one identity gets a quarter of the memory, shared entries get all of it', async (t) => {
  const store = new MemoryStore({ maxBytes: weight * 40 });
  for (const name of numbered(0, 10)) store.put(page(name, { partition: 'public' }));
  for (const name of numbered(100, 100)) store.put(page(name, { partition: 'greedy' }));
  const left = [...store.entries()];
  t.equal(left.filter(({ partition }) => partition === 'public').length, 10, 'nobody was pushed out');
  t.equal(left.filter(({ partition }) => partition === 'greedy').length, 10);
  const shared = new MemoryStore({ maxBytes: weight * 40 });
  for (const name of numbered(0, 100)) shared.put(page(name, { partition: 'anonymous' }));
  t.equal(shared.size().entries, 40);
});

t.test('an entry larger than the memory is not kept, and neither is the one it replaces', async (t) => {
  const store = new MemoryStore({ maxBytes: weight * 2 });
  store.put(page('p000'));
  store.put(page('p000', { body: Buffer.alloc(10_000) }));
  t.strictSame(store.size(), { entries: 0, bytes: 0 });
});

t.test('evictions for space are reported, removals are not', async (t) => {
  const evicted: string[] = [];
  const store = new MemoryStore({
    maxBytes: weight * 2,
    onEvict: (key) => evicted.push(key),
  });
  for (const name of numbered(0, 3)) store.put(page(name));
  store.remove(page('p001'));
  t.strictSame(evicted, [page('p000').key]);
});

t.test('13.8: a new lifetime is applied once to each entry, which keeps its use and its place', async (t) => {
  const store = new MemoryStore({ maxBytes: weight * 20 });
  const small = Promise.withResolvers<Entry | undefined>();
  const entry = page('a');
  store.put(entry, small.promise);
  store.put(page('b'));
  store.use(entry);
  let applied = 0;
  store.applyLifetimes((old) => {
    if (old.status === 203) return old;
    applied += 1;
    return { ...old, status: 203 };
  });
  for (let time = 0; time < 3; time += 1) t.equal(store.peek(entry.key)[0]?.status, 203);
  t.equal(applied, 1, 'not what nobody asks for');
  t.equal(store.uses(store.inForce(entry) ?? page('b')), 1);
  small.resolve({ ...entry, body: Buffer.alloc(10), coding: 'gzip' });
  await small.promise;
  await Promise.resolve();
  const [compressed] = store.peek(entry.key);
  t.match(compressed, { status: 203, coding: 'gzip' }, 'what was compressed meanwhile too');
  t.equal(compressed && store.uses(compressed), 1);
  store.put(page('c'));
  t.equal(store.peek(keyOf('c'))[0]?.status, 203, 'what is put by the lifetime of before');
  t.equal(
    store.size().bytes,
    [...store.entries()].reduce((sum, each) => sum + entryBytes(each), 0),
  );
});
