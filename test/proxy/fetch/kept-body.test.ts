import t from 'tap';
import { type KeptBody, keptBodyFor } from '../../../src/proxy/fetch/kept-body.ts';
import { nobody } from '../../../src/proxy/exchange/reply.ts';

const kib = 1024;
const mib = 1024 * kib;

/** Makes bodies of one proxy, of which one may be 1 MiB: there is room for 8 in all. */
function keeping(): (told?: number) => KeptBody {
  const room = { kept: 0, unsent: 0 };
  return (told) =>
    keptBodyFor(room, { limit: mib, fields: told === undefined ? [] : ['Content-Length', String(told)] });
}

const fast = { isTaken: true, isForOne: true };
const slow = { isTaken: false, isForOne: true };

t.test('the pieces become one body, whether the length was known, right or wrong', (t) => {
  const keep = keeping();
  for (const told of [undefined, 0, 10, 6, 100, 5 * mib]) {
    const body = keep(told);
    for (const piece of ['some', ' ', 'piece']) t.equal(body.add(Buffer.from(piece), fast), 'kept');
    t.equal(Buffer.concat(body.chunks).toString(), 'some piece', String(told));
    t.equal(body.whole().toString(), 'some piece', String(told));
    t.equal(body.whole().buffer.byteLength, 10, 'and nothing beside it is kept alive');
  }
  t.end();
});

t.test('a body beyond the limit is too large', (t) => {
  const body = keeping()();
  t.equal(body.add(Buffer.alloc(mib), fast), 'kept');
  t.equal(body.add(Buffer.alloc(1), fast), 'too-large');
  t.equal(Buffer.concat(body.chunks).length, mib + 1);
  t.end();
});

t.test('all bodies together are bounded; one that other clients wait for has room', (t) => {
  const keep = keeping();
  const bodies = Array.from({ length: 8 }, () => keep(mib));
  for (const body of bodies) t.equal(body.add(Buffer.alloc(mib), fast), 'kept');
  const next = keep();
  t.equal(next.add(Buffer.alloc(kib), fast), 'no-room');
  t.equal(keep().add(Buffer.alloc(kib), { ...fast, isForOne: false }), 'kept');
  t.equal(keeping()().add(Buffer.alloc(kib), fast), 'kept', 'another proxy has its own');
  for (const body of [...bodies, next]) body.free(nobody);
  t.equal(keep().add(Buffer.alloc(kib), fast), 'kept');
  t.end();
});

t.test('for slow clients, bytes count until they are read', (t) => {
  const keep = keeping();
  const ends: (() => void)[] = [];
  for (let at = 0; at < 9; at += 1) {
    const body = keep();
    t.equal(body.add(Buffer.alloc(mib), slow), 'kept');
    body.free({ unsentBytes: mib, onOver: (listener) => ends.push(listener) });
  }
  t.equal(keep().add(Buffer.alloc(kib), slow), 'no-room');
  t.equal(keep().add(Buffer.alloc(kib), fast), 'kept');
  for (const end of ends) end();
  t.equal(keep().add(Buffer.alloc(kib), slow), 'kept');
  t.end();
});
