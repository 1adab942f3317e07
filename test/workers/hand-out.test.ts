/** Who gets which connection. */

import t from 'tap';
import { HandOut } from '../../src/workers/hand-out.ts';

function handing(...names: string[]) {
  const released: number[] = [];
  const given = new Map<string, number[]>();
  const handOut = new HandOut<number>((socket) => released.push(socket));
  const join = (name: string): void => {
    given.set(name, []);
    handOut.join({ name, give: ({ socket }) => given.get(name)?.push(socket) });
  };
  names.forEach(join);
  let sockets = 0;
  const add = (): number => {
    sockets += 1;
    handOut.add({ socket: sockets, listener: 'listen' });
    return sockets;
  };
  /** The worker takes what it was given last, and keeps all it has. */
  const take = (name: string): void => {
    handOut.onTaken(name, given.get(name)?.length ?? 0);
  };
  return { handOut, join, add, take, given, released };
}

t.test('17.1: 64 connections are spread evenly, although one worker is slower to take them', async (t) => {
  const { add, take, given, released, handOut } = handing('a', 'b');
  for (let count = 0; count < 64; count += 1) add();
  t.strictSame([given.get('a'), given.get('b')], [[1], [2]], 'one at a time for each');
  for (let turn = 0; turn < 200; turn += 1)
    if (turn % 3 === 0) take('b');
    else take('a');
  t.strictSame([given.get('a')?.length, given.get('b')?.length, handOut.waiting], [32, 32, 0]);
  t.equal(released.length, 64);
});

t.test(
  '17.1: a worker that takes none is passed over; what it was given goes to another when it ends',
  async (t) => {
    const { add, take, given, handOut, join, released } = handing('a', 'b');
    add();
    for (let count = 0; count < 4; count += 1) {
      add();
      take('b');
    }
    t.strictSame(given.get('a'), [1]);
    handOut.tick();
    take('b');
    take('b');
    t.equal(handOut.waiting, 0, 'nobody waits for it');
    handOut.leave('a');
    take('b');
    t.ok(given.get('b')?.includes(1), 'its connection is given to the other');
    take('b');
    t.equal(released.length, 5);
    handOut.leave('b');
    const late = add();
    t.equal(handOut.waiting, 1, 'without workers they wait');
    join('c');
    t.strictSame(given.get('c'), [late]);
    handOut.onTaken('gone', 3);
    handOut.onOpen('gone', 3);
  },
);
