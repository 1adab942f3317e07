/** kit/work-queue.ts: bounded work off the request path. */
import t from 'tap';
import { WorkQueue, type WorkQueueOptions } from '../../src/kit/work-queue.ts';

/** A queue whose pieces end when told to. */
function queueBut(change: Partial<WorkQueueOptions<string>> = {}) {
  const begun: string[] = [];
  const lost: string[] = [];
  const ends: (() => void)[] = [];
  const queue = new WorkQueue<string>({
    run: (job) => {
      begun.push(job);
      return new Promise((resolve) => ends.push(resolve));
    },
    concurrency: 1,
    maxWeight: 10,
    onLost: (reason, job) => lost.push(`${reason} ${job}`),
    ...change,
  });
  const endAll = async () => {
    const over = new AbortController();
    const idle = queue.idle().then(() => over.abort());
    for (let turn = 0; turn < 100 && !over.signal.aborted; turn += 1) {
      for (const end of ends.splice(0)) end();
      await Promise.resolve();
    }
    await idle;
  };
  return { queue, begun, lost, endAll };
}

t.test('a bounded number of pieces run at once, in order of arrival', async (t) => {
  const { queue, begun, endAll } = queueBut({ concurrency: 2 });
  for (const name of ['a', 'b', 'c', 'd']) queue.add(name, 1, name);
  t.strictSame(begun, ['a', 'b']);
  await endAll();
  t.strictSame(begun, ['a', 'b', 'c', 'd']);
});

t.test('a newer piece of a name replaces the waiting one, not the running one', async (t) => {
  const { queue, begun, endAll } = queueBut();
  queue.add('a', 1, 'a1');
  queue.add('a', 1, 'a2');
  queue.add('a', 1, 'a3');
  await endAll();
  t.strictSame(begun, ['a1', 'a3']);
});

t.test('a piece without room is dropped, and so is the one it would have replaced', async (t) => {
  const { queue, begun, lost, endAll } = queueBut();
  queue.add('a', 9, 'a');
  queue.add('b', 9, 'b');
  queue.add('c', 2, 'c');
  queue.add('b', 11, 'b, larger');
  t.strictSame(lost, ['full c', 'full b, larger']);
  await endAll();
  t.strictSame(begun, ['a'], 'an older b would be wrong to store when a newer is not');
});

t.test('a failing piece is reported and does not stop the others', async (t) => {
  const { queue, begun, lost, endAll } = queueBut({ run: () => Promise.reject(new Error('no')) });
  queue.add('a', 1, 'a');
  queue.add('b', 1, 'b');
  await endAll();
  t.strictSame(lost, ['failed a', 'failed b']);
  t.strictSame(begun, []);
});

t.test('waiting pieces can be dropped', async (t) => {
  const { queue, begun, endAll } = queueBut();
  queue.add('a', 1, 'a');
  queue.add('b', 10, 'b');
  queue.clear();
  queue.add('c', 10, 'c');
  await endAll();
  t.strictSame(begun, ['a', 'c']);
});
