/** Which worker fetches what none has. */

import t from 'tap';
import type { CacheKey } from '../../src/policy/key/cache-key.ts';
import type { Wanted } from '../../src/store/sibling-store.ts';
import { FillBoard } from '../../src/workers/fill-board.ts';

const key = 'k' as CacheKey;
const copy = Buffer.from('copy');

function board(has: Record<string, boolean>) {
  let nowMs = 0;
  const timers: { readonly atMs: number; readonly action: () => void }[] = [];
  const fills = new FillBoard({
    clock: { monotonicMs: () => nowMs },
    give: (worker) => Promise.resolve(has[worker] === true ? [copy] : has[worker] === false ? [] : undefined),
    later: (delayMs, action) => {
      const timer = { atMs: nowMs + delayMs, action };
      timers.push(timer);
      return () => timers.splice(timers.indexOf(timer), 1);
    },
  });
  const advance = (ms: number): void => {
    nowMs += ms;
    for (const { atMs, action } of [...timers]) if (atMs <= nowMs) action();
  };
  const want = (worker: string): { answer: Wanted | undefined } => {
    const wanted: { answer: Wanted | undefined } = { answer: undefined };
    void fills.want(worker, { key, known: [] }).then((answer) => (wanted.answer = answer));
    return wanted;
  };
  return { fills, advance, want, timers };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));
const fetchIt: Wanted = { kind: 'fetch' };
const entries: Wanted = { kind: 'entries', packed: [copy] };

t.test('17.1: the first fetches, the others wait and are given its copy', async (t) => {
  const has: Record<string, boolean> = { a: false };
  const { fills, want, timers } = board(has);
  const [a, b, c] = [want('a'), want('b'), want('c')];
  await settle();
  t.strictSame([a.answer, b.answer, c.answer], [fetchIt, undefined, undefined]);
  t.strictSame((await fills.want('a', { key, known: [] })).kind, 'fetch', 'who fetches is not held up');
  has['a'] = true;
  fills.onFilled('a', key);
  await settle();
  t.strictSame([b.answer, c.answer], [entries, entries]);
  t.strictSame(await fills.want('d', { key, known: [] }), entries, 'later as well');
  t.equal(timers.length, 0);
  has['a'] = false;
  t.strictSame(await fills.want('d', { key, known: [] }), fetchIt, 'it has been evicted there');
});

for (const [why, end] of [
  ['is not for others', 'onAbandoned'],
  ['is gone', 'leave'],
] as const)
  t.test(`17.1: nobody waits for more when the first ${why}`, async (t) => {
    const { fills, want } = board({});
    const [a, b] = [want('a'), want('b')];
    await settle();
    fills.onAbandoned('b', key);
    await settle();
    t.strictSame([a.answer, b.answer], [fetchIt, undefined], 'only its own fetch ends');
    fills[end]('a', key);
    await settle();
    t.strictSame(b.answer, fetchIt);
    const c = want('c');
    await settle();
    t.strictSame(c.answer, why === 'is gone' ? undefined : fetchIt);
  });

t.test('17.1: a key is not waited for only after others have waited for it in vain', async (t) => {
  const { fills, want } = board({});
  want('a');
  await settle();
  fills.onAbandoned('a', key);
  want('b');
  await settle();
  const c = want('c');
  await settle();
  t.equal(c.answer, undefined, 'nobody had waited for the first');
  fills.onAbandoned('b', key);
  await settle();
  t.strictSame([c.answer, await fills.want('a', { key, known: [] })], [fetchIt, fetchIt]);
  fills.onFilled('c', key);
  fills.leave('c');
  want('a');
  await settle();
  const b = want('b');
  await settle();
  t.equal(b.answer, undefined, 'it could be stored since');
});

t.test('17.1: who starts no fetch lets the others go, and the next one fetches', async (t) => {
  const { fills, want } = board({});
  want('a');
  const [b, c] = [want('b'), want('c')];
  await settle();
  fills.onReleased('b', key);
  await settle();
  t.strictSame([b.answer, c.answer], [undefined, undefined], 'only its own');
  fills.onReleased('a', key);
  await settle();
  t.strictSame([b.answer, c.answer], [fetchIt, undefined]);
});

t.test('17.1: a fetch that does not end is waited for ten seconds', async (t) => {
  const { want, advance } = board({});
  want('a');
  const b = want('b');
  await settle();
  advance(9_999);
  await settle();
  t.equal(b.answer, undefined);
  advance(1);
  await settle();
  t.strictSame(b.answer, fetchIt);
});

t.test('17.1: all that have stored a key are asked, the last one first', async (t) => {
  const has: Record<string, boolean> = { a: true, b: true };
  const { fills } = board(has);
  const give = (worker: string) => fills.want(worker, { key, known: [] });
  fills.onFilled('a', key);
  fills.onFilled('b', key);
  t.strictSame(await give('c'), { kind: 'entries', packed: [copy, copy] });
  t.strictSame(await give('b'), entries, 'who has stored it asks the others');
  has['b'] = false;
  t.strictSame(await give('c'), entries);
  fills.leave('a');
  t.strictSame(await give('c'), fetchIt, 'who has left is not asked');
});
