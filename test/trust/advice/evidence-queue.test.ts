/** Evidence waits until nobody does, and a bounded number of answers is looked at. */
import t from 'tap';
import { EvidenceQueue } from '../../../src/trust/advice/evidence-queue.ts';

function start() {
  const time = { ms: 0 };
  const faults: unknown[] = [];
  const queue = new EvidenceQueue({ monotonicMs: () => time.ms, onFault: (error) => faults.push(error) });
  return { queue, time, faults };
}

t.test('nothing is done on the way of a request; all of it between requests, in order', async (t) => {
  const { queue, faults } = start();
  const done: string[] = [];
  queue.ofPage('/1', 10, () => done.push('stored'));
  queue.add(0, () => {
    throw new Error('unreadable');
  });
  queue.add(1, () => done.push('judged'));
  t.strictSame(done, []);
  await new Promise(setImmediate);
  t.strictSame(done, ['stored'], 'a body at a turn');
  queue.finish();
  t.strictSame(done, ['stored', 'judged'], 'who wants to know need not wait');
  t.match(faults, [{ message: 'unreadable' }]);
});

t.test('where more is stored than can be looked at, whole pages are left out', (t) => {
  const { queue, time } = start();
  const looked = new Map<string, number>();
  const store = (path: string, bytes = 1): void => {
    queue.ofPage(path, bytes, () => looked.set(path, (looked.get(path) ?? 0) + 1));
    queue.finish();
  };
  for (let second = 0; second < 20; second += 1) {
    for (let page = 0; page < 1000; page += 1) store(`/${page}`);
    time.ms += 1000;
  }
  t.ok(queue.share <= 1 / 8 && queue.share >= 1 / 64, `one page in ${1 / queue.share}`);
  const settled = [...looked].filter(([, looks]) => looks >= 15);
  t.ok(settled.length > 10 && settled.length <= 100, `${settled.length} pages at nearly every look`);
  for (let second = 0; second < 20; second += 1) {
    store('/1');
    time.ms += 1000;
  }
  t.equal(queue.share, 1, 'and all of them again, when there is less');
  for (let n = 0; n < 50; n += 1) store(`/large/${n}`, 256 * 1024);
  t.equal([...looked.keys()].filter((path) => path.startsWith('/large')).length, 16, 'bytes are bounded too');
  const held: string[] = [];
  time.ms += 60_000;
  queue.finish();
  for (let n = 0; n < 1500; n += 1) queue.add(0, () => held.push(`${n}`));
  queue.finish();
  t.equal(held.length, 1000, 'and what waits');
  t.end();
});
