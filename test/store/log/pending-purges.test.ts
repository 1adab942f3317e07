import t from 'tap';
import { decodeRecord } from '../../../src/store/log/log-record.ts';
import { PendingPurges } from '../../../src/store/log/pending-purges.ts';
import { entryBut, tagsOf } from '../entry.ts';
import { purgeOf } from '../instance.ts';

const quiet = { wantsAck: false };
const subject = (tag: string, own?: number) =>
  entryBut({
    tags: tagsOf(tag),
    asOf: { log: 'shared', seq: 9, ...(own === undefined ? {} : { own: { log: 'me', seq: own } }) },
  });

t.test('a purge holds from the call on, until the log has been read as far as its place', async (t) => {
  const pending = new PendingPurges('me');
  t.strictSame(
    [pending.isEmpty, pending.position(), pending.verdict(subject('a'))],
    [true, undefined, undefined],
  );
  const place = pending.add(purgeOf(tagsOf('a')), quiet);
  t.match(pending.verdict(subject('a')), { kind: 'purged', cause: 'write' });
  t.match(pending.verdict(subject('a', 1)), { kind: 'current' }, 'filled after it');
  t.match(pending.verdict(subject('b')), { kind: 'current' });
  t.strictSame(pending.position(), { log: 'me', seq: 1 });
  pending.confirm(pending.batch(), 20);
  t.equal(await place, 20);
  pending.settle(19);
  t.equal(pending.isEmpty, false);
  pending.settle(20);
  t.strictSame([pending.isEmpty, pending.verdict(subject('a'))], [true, undefined]);
});

t.test('only what was in the batch is confirmed', async (t) => {
  const pending = new PendingPurges('me');
  const first = pending.add(purgeOf(tagsOf('a')), quiet);
  const batch = pending.batch();
  void pending.add(purgeOf(tagsOf('b')), { wantsAck: true });
  pending.confirm(batch, 20);
  t.equal(await first, 20);
  const [left, ...others] = pending.batch().records;
  t.equal(others.length, 0);
  t.match(decodeRecord(left?.payload ?? ''), { purge: { tags: ['b'] }, wantsAck: true });
  pending.settle(30);
  t.match(pending.verdict(subject('b')), { kind: 'purged' }, 'it has no place yet');
  t.match(pending.verdict(subject('a', 1)), { kind: 'current' });
});

t.test('more than can be kept become one of everything; one alone stays as it is', async (t) => {
  const many = new PendingPurges('me');
  for (let count = 0; count < 1000; count += 1) void many.add(purgeOf(tagsOf('a')), quiet);
  t.equal(many.batch().records.length, 1000);
  const last = many.add(purgeOf(tagsOf('a')), quiet);
  t.equal(many.batch().records.length, 1);
  t.match(many.verdict(subject('b')), { kind: 'purged' });
  many.confirm(many.batch(), 5);
  t.equal(await last, 5, 'all who wait learn their place');
  const large = new PendingPurges('me');
  void large.add(purgeOf(tagsOf(...Array.from({ length: 100_001 }, (_, at) => `t${at}`))), quiet);
  t.match(large.verdict(subject('b')), { kind: 'current' });
  void large.add(purgeOf(tagsOf('c')), quiet);
  t.match(large.verdict(subject('b')), { kind: 'purged' });
});
