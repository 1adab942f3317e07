import fc from 'fast-check';
import t from 'tap';
import { PriorityQueue } from '../../src/kit/priority-queue.ts';

type Job = { readonly name: string; readonly worth: number };
const job = (name: string, worth: number): Job => ({ name, worth });

function drain(queue: PriorityQueue<Job>): Job[] {
  const jobs: Job[] = [];
  for (let next = queue.take(); next !== undefined; next = queue.take()) jobs.push(next);
  return jobs;
}

t.test('the highest worth goes first; of equal worth, the older', async (t) => {
  const queue = new PriorityQueue<Job>(10);
  for (const one of [job('a', 1), job('b', 3), job('c', 2), job('d', 3)]) queue.add(one);
  t.equal(
    drain(queue)
      .map(({ name }) => name)
      .join(''),
    'bdca',
  );
  t.equal(queue.take(), undefined);
});

t.test('work of one name waits once, the newer of the two at the higher worth', async (t) => {
  const queue = new PriorityQueue<Job>(10);
  queue.add(job('a', 5));
  queue.add(job('b', 4));
  t.match(queue.add(job('a', 1)), { kind: 'merged', dropped: { name: 'a', worth: 5 } });
  t.ok(queue.has('a'));
  t.equal(queue.size, 2);
  t.strictSame(queue.take(), job('a', 5));
  t.notOk(queue.has('a'));
});

t.test('a full queue drops the piece of least worth, even if it is the new one', async (t) => {
  const queue = new PriorityQueue<Job>(3);
  for (const one of [job('a', 1), job('b', 3), job('c', 2)]) queue.add(one);
  t.match(queue.add(job('d', 4)), { kind: 'full', dropped: { name: 'a' } });
  t.match(queue.add(job('e', 1)), { kind: 'full', dropped: { name: 'e' } });
  t.equal(
    drain(queue)
      .map(({ name }) => name)
      .join(''),
    'dbc',
  );
});

t.test('it returns the same as a sorted list', async () => {
  const moves = fc.array(fc.oneof(fc.tuple(fc.nat(30), fc.nat(5)), fc.constant('take' as const)), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(moves, (steps) => {
      const queue = new PriorityQueue<Job>(12);
      let model: Job[] = [];
      for (const step of steps) {
        if (step === 'take') {
          const best = model.toSorted((one, other) => other.worth - one.worth)[0]?.worth;
          const taken = queue.take();
          if (taken?.worth !== best) return false;
          model = model.filter(({ name }) => name !== taken?.name);
          continue;
        }
        const added = job(`n${step[0]}`, step[1]);
        const before = model.find(({ name }) => name === added.name);
        const end = queue.add(added);
        if (before !== undefined) {
          const worth = Math.max(before.worth, added.worth);
          model = [...model.filter((one) => one !== before), { ...added, worth }];
        } else {
          model = [...model, added];
          if (end.kind === 'full') {
            if (end.dropped.worth !== Math.min(...model.map(({ worth }) => worth))) return false;
            model = model.filter(({ name }) => name !== end.dropped.name);
          }
        }
        if (queue.size !== model.length || model.length > 12) return false;
      }
      return true;
    }),
    { numRuns: 200 },
  );
});

t.test('the piece that has waited longest can be taken first, whatever its worth', async (t) => {
  const queue = new PriorityQueue<Job>(10);
  for (const one of [job('a', 1), job('b', 3), job('c', 2), job('a', 9), job('d', 5)]) queue.add(one);
  t.equal(queue.takeOldest()?.name, 'a', 'it has kept its place');
  t.equal(queue.take()?.name, 'd');
  queue.add(job('a', 9));
  t.equal(queue.takeOldest()?.name, 'b');
  t.strictSame(
    drain(queue).map(({ name }) => name),
    ['a', 'c'],
  );
  t.equal(queue.takeOldest(), undefined);
});
