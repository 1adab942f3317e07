import t from 'tap';
import { seconds, systemClock } from '../../../src/kit/time.ts';
import { AppendReceipts, instanceOf } from '../../../src/store/log/append-receipts.ts';
import { RedisHealth } from '../../../src/store/redis/health.ts';

const one = seconds(1);
const receiptsOf = (instance: string): AppendReceipts =>
  new AppendReceipts({
    ...{ instance, clock: systemClock, lag: one, deadline: one, coherence: 'bounded' },
    health: new RedisHealth({ clock: systemClock, lag: one, fallbackTtl: one }),
    sync: () => Promise.resolve(true),
  });

t.test(
  '17.1: an instance has read as far as its slowest worker; the own workers are not others',
  async (t) => {
    t.strictSame(['i', 'i/1.1'].map(instanceOf), ['i', 'i']);
    const receipts = receiptsOf('i/1.1');
    receipts.onReaders([
      { id: 'i/1.1', seq: 0 },
      { id: 'i/2.2', seq: 1 },
      { id: 'j/1.1', seq: 9 },
      { id: 'j/2.2', seq: 4 },
      { id: 'k', seq: 5 },
    ]);
    const of = async (place: number) => (await receipts.of(Promise.resolve(place), false)).instances;
    t.strictSame(await of(4), { known: 3, acknowledged: 3 });
    t.strictSame(await of(5), { known: 3, acknowledged: 2 });
    t.strictSame(await of(9), { known: 3, acknowledged: 1 });
    receipts.onReaders([]);
    t.strictSame(await of(9), { known: 1, acknowledged: 1 });
  },
);
