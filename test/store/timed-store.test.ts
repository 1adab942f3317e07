/** store/timed-store.ts: a store like the one it stands around, and every operation is told. */
import t from 'tap';
import { MemoryStore } from '../../src/store/memory.ts';
import { TimedStore } from '../../src/store/timed-store.ts';
import { TestClock } from '../helpers/test-clock.ts';
import { conforms } from './conformance.ts';
import { entryBut } from './entry.ts';

function timed() {
  const told: string[] = [];
  const store = new TimedStore(new MemoryStore({ maxBytes: 1024 * 1024 }), new TestClock(), {
    onOperation: (operation, duration) => told.push(`${operation} ${duration}`),
    onStored: ({ target }) => told.push(`stored ${target}`),
    onFromRedis: ({ target }) => told.push(`from Redis ${target}`),
  });
  return { store, told };
}

t.test('the contract of stores', (t) =>
  conforms(t, () => ({ store: timed().store, settle: () => Promise.resolve() })),
);

t.test('every operation is told, and what was stored', async (t) => {
  const { store, told } = timed();
  const entry = entryBut();
  store.put(entry);
  store.peek(entry.key);
  await store.get(entry.key);
  store.remove(entry);
  t.strictSame(told, ['set/memory 0', 'stored /page', 'get/memory 0', 'get/memory 0', 'delete/memory 0']);
});
