import t from 'tap';
import { systemClock } from '../../../src/kit/time.ts';
import { WriteBehind } from '../../../src/store/redis/write-behind.ts';
import type { Entry } from '../../../src/store/store.ts';
import { barrier } from '../../helpers/scripted-site.ts';
import { entryBut } from '../entry.ts';

/** Writes that are noted, and wait for `open` where there is one. */
function writing({
  open = Promise.resolve(),
  fails = false,
}: { open?: Promise<void>; fails?: boolean } = {}) {
  const [written, done, lost]: [string[], string[], string[]] = [[], [], []];
  const state = { isAway: false };
  const write = (kind: string) => async (entry: Pick<Entry, 'variant'>) => {
    await open;
    if (fails) throw new Error('refused');
    written.push(`${kind} ${entry.variant}`);
  };
  const writes = new WriteBehind({
    entries: { put: write('put'), remove: write('remove') },
    clock: systemClock,
    isAway: () => state.isAway,
    onDone: (kind, { variant }) => done.push(`${kind} ${variant}`),
    onLost: (kind, { variant }) => lost.push(`${kind} ${variant}`),
  });
  return { writes, written, done, lost, state };
}
const named = (variant: string, bytes = 10): Entry => entryBut({ variant, body: Buffer.alloc(bytes) });

t.test('what is put and removed is written and told', async (t) => {
  const { writes, written, done, lost } = writing();
  writes.put(named('a'));
  writes.remove(named('b'));
  await writes.idle();
  t.strictSame(written, ['put a', 'remove b']);
  t.strictSame([done, lost], [written, []]);
});

t.test(
  'an entry goes as it is made smaller, and not when it was replaced or dropped meanwhile',
  async (t) => {
    const { writes, written, lost } = writing();
    const smaller = Promise.withResolvers<Entry | undefined>();
    const plain = named('plain');
    writes.put(plain, smaller.promise);
    writes.put(named('as it is'), Promise.resolve(undefined));
    writes.put(named('failed'), Promise.reject(new Error('zlib')));
    const dropped = Promise.withResolvers<Entry | undefined>();
    writes.put(named('dropped'), dropped.promise);
    writes.remove(named('dropped'));
    await new Promise((resolve) => setImmediate(resolve));
    t.strictSame(written.toSorted(), ['put as it is', 'put failed', 'remove dropped']);
    smaller.resolve({ ...plain, coding: 'gzip' });
    dropped.resolve(named('dropped'));
    await new Promise((resolve) => setImmediate(resolve));
    await writes.idle();
    t.strictSame(written.slice(3), ['put plain']);
    t.strictSame(lost, []);
  },
);

t.test('what does not get there is told: too much waits, a write failed, or Redis is away', async (t) => {
  const gate = barrier();
  const { writes, written, lost } = writing({ open: gate.reached });
  for (let at = 0; at < 8; at += 1) writes.put(named(`under way ${at}`));
  writes.put(named('waits', 3 * 1024 * 1024));
  writes.put(named('too much', 2 * 1024 * 1024));
  t.strictSame(lost, ['put too much']);
  gate.arrive();
  await writes.idle();
  t.strictSame([written.length, lost.length], [9, 1]);
  const failing = writing({ fails: true });
  failing.writes.put(named('a'));
  await failing.writes.idle();
  t.strictSame([failing.done, failing.lost], [[], ['put a']]);
  const away = writing();
  away.state.isAway = true;
  away.writes.put(named('a'));
  t.strictSame([away.lost, away.written], [['put a'], []]);
});
