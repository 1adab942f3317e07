/** The purge log that workers share: their views and the primary's order, with the channel between them held by the test. */

import t from 'tap';
import { WorkerPurgeLog } from '../../../src/store/log/worker-purge-log.ts';
import type { Position, Purge, Receipt } from '../../../src/store/purge-log.ts';
import { toTag } from '../../../src/policy/rules/tags.ts';
import { PurgeOrder } from '../../../src/workers/purge-order.ts';

const purgeOf = (...tags: string[]): Purge => ({
  tags: tags.map(toTag),
  prefixes: [],
  everything: false,
  soft: false,
  cause: 'write',
});

type Message = () => void;

/** A worker whose messages wait, each way in order, until the test lets them through. */
function workerOf(order: PurgeOrder, name: string) {
  const down: Message[] = [];
  const up: Message[] = [];
  const foreign: Purge[] = [];
  const place = order.join({
    name,
    onPlaced: (purges) => {
      down.push(() => {
        log.onPlaced(purges);
        up.push(() => {
          order.acknowledge(name, purges.at(-1)?.seq ?? 0);
        });
      });
    },
    onSettled: (own, workers) => {
      down.push(() => {
        log.onSettled(own, workers);
      });
    },
  });
  const log: WorkerPurgeLog = new WorkerPurgeLog({
    log: place,
    worker: name,
    clock: { now: () => 0 as never },
    send: (purges) => {
      up.push(() => {
        order.place(name, purges);
      });
    },
    onForeign: (purge) => foreign.push(purge),
  });
  const isCurrent = (asOf: Position, ...tags: string[]): boolean =>
    log.verdict({ asOf, tags: tags.map(toTag), host: 'h', target: '/' }).kind === 'current';
  const letThrough = (messages: Message[]): void => {
    while (messages.length > 0) messages.shift()?.();
  };
  return { name, log, up, down, foreign, isCurrent, letThrough };
}

function flow(...workers: ReturnType<typeof workerOf>[]): void {
  for (let round = 0; round < 6; round += 1)
    for (const { up, down, letThrough } of workers) {
      letThrough(up);
      letThrough(down);
    }
}

/** Whether it has resolved by now. */
async function isDone(receipt: Promise<Receipt>): Promise<boolean> {
  const open = Symbol('open');
  return (await Promise.race([receipt, Promise.resolve(open)])) !== open;
}

t.test(
  '17.1: a purge holds at once where it was appended, and is settled when it holds everywhere',
  async (t) => {
    const order = new PurgeOrder();
    const [a, b] = [workerOf(order, 'a'), workerOf(order, 'b')];
    const [before, there] = [a.log.position(), b.log.position()];
    const receipt = a.log.append(purgeOf('x'));
    t.notOk(a.isCurrent(before, 'x'), 'at the writer at once');
    t.ok(a.isCurrent(a.log.position(), 'x'), 'what is fetched after it is current');
    t.ok(b.isCurrent(there, 'x'), 'not yet at the other');
    a.letThrough(a.up);
    a.letThrough(a.down);
    a.letThrough(a.up);
    t.notOk(await isDone(receipt), 'the other has not read it');
    b.letThrough(b.down);
    t.notOk(b.isCurrent(there, 'x'));
    t.notOk(await isDone(receipt), 'the other has not said so');
    flow(a, b);
    t.strictSame(await receipt, {
      instances: { known: 1, acknowledged: 1 },
      workers: { known: 2, acknowledged: 2 },
    });
    t.strictSame(b.foreign, [purgeOf('x')], 'the other hears of it once');
    t.strictSame(a.foreign, []);
    t.equal(a.log.position().own, undefined, 'nothing is pending');
    t.strictSame(a.log.position(), b.log.position(), 'both are at the same position');
  },
);

t.test('17.1: who fetched between its own purge and the position of it keeps what it fetched', async (t) => {
  const order = new PurgeOrder();
  const [a, b] = [workerOf(order, 'a'), workerOf(order, 'b')];
  const receipt = a.log.append(purgeOf('x'));
  const between = a.log.position();
  flow(a, b);
  await receipt;
  // To be sure rather than right: by the order alone it might have been fetched before.
  t.ok([true, false].includes(a.isCurrent(between, 'x')));
  t.notOk(a.isCurrent({ log: between.log, seq: between.seq }, 'x'), 'for others it is from before');
  t.ok(a.isCurrent(a.log.position(), 'x'));
});

t.test(
  '17.1: a worker that has ended is not waited for; one that comes is told from its position on',
  async (t) => {
    const order = new PurgeOrder();
    const [a, b] = [workerOf(order, 'a'), workerOf(order, 'b')];
    const receipt = a.log.append(purgeOf('x'));
    const own = order.append(purgeOf('y'));
    flow(a);
    t.notOk(await isDone(receipt));
    order.leave('b');
    flow(a);
    t.strictSame((await receipt).workers, { known: 2, acknowledged: 2 });
    await own;
    const c = workerOf(order, 'c');
    t.ok(c.isCurrent(c.log.position(), 'x', 'y'));
    t.notOk(c.isCurrent({ log: c.log.position().log, seq: 0 }, 'z'), 'nothing from before it came');
    const last = a.log.append(purgeOf('z'));
    flow(a, c);
    t.strictSame((await last).workers, { known: 2, acknowledged: 2 });
    t.strictSame(b.foreign, []);
  },
);

t.test('17.1: in 3,000 random steps nothing is current after a purge of it was settled', async (t) => {
  let seed = 17;
  const dice = (sides: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * sides);
  };
  const order = new PurgeOrder();
  let named = 0;
  const join = () => workerOf(order, `w${(named += 1)}`);
  const workers = [join(), join(), join()];
  const held: { worker: string; asOf: Position; tag: string; version: number }[] = [];
  const version = [0, 0, 0, 0];
  const settled = [0, 0, 0, 0];
  for (let step = 0; step < 3000; step += 1) {
    const worker = workers[dice(3)] ?? workers[0];
    if (worker === undefined) break;
    const number = dice(4);
    const tag = `t${number}`;
    const kind = dice(20);
    if (kind < 4) {
      held.push({ worker: worker.name, asOf: worker.log.position(), tag, version: version[number] ?? 0 });
    } else if (kind < 6) {
      const now = (version[number] ?? 0) + 1;
      version[number] = now;
      void worker.log.append(purgeOf(tag)).then(() => {
        settled[number] = Math.max(settled[number] ?? 0, now);
      });
    } else if (kind === 6 && step % 10 === 0) {
      order.leave(worker.name);
      workers[workers.indexOf(worker)] = join();
    } else (dice(2) === 0 ? worker.up : worker.down).shift()?.();
    await Promise.resolve();
    await Promise.resolve();
    const wrong = held.filter((one) => {
      const place = workers.find(({ name }) => name === one.worker);
      const mark = settled[Number(one.tag.slice(1))] ?? 0;
      return one.version < mark && place?.isCurrent(one.asOf, one.tag) === true;
    });
    if (wrong.length > 0) return t.strictSame(wrong, [], `step ${step}`);
    if (held.length > 200) held.splice(0, 100);
  }
  return t.ok(
    settled.some((count) => count > 5),
    settled.join(),
  );
});
