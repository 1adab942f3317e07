import t from 'tap';
import { runAfter } from '../../../src/kit/time.ts';
import { openBodies } from '../../../src/proxy/fetch/open-bodies.ts';
import { MemoryStore } from '../../../src/store/memory.ts';

t.test('each proxy has its own room for bodies, and the timers it is given', async (t) => {
  const store = new MemoryStore({ maxBytes: 0 });
  const later = () => () => undefined;
  const [one, other] = [openBodies(store), openBodies(store, later)];
  one.bodyRoom.kept = 1;
  one.abandoned.count = 1;
  t.strictSame([other.bodyRoom, other.abandoned], [{ kept: 0, unsent: 0 }, { count: 0 }]);
  t.strictSame([one.later, other.later], [runAfter, later]);
});
