import t from 'tap';
import { epochMs } from '../../src/kit/time.ts';
import { LogTimes } from '../../src/store/log-times.ts';

t.test('the place at an instant is the one before the first record that came later', async (t) => {
  const times = new LogTimes();
  t.equal(times.placeAt(epochMs(0)), undefined);
  for (const [seq, at] of [
    [1, 1000],
    [2, 1100],
    [3, 5000],
    [4, 9000],
  ] as const)
    times.record(seq, epochMs(at));
  t.equal(times.placeAt(epochMs(999)), 0);
  t.equal(
    times.placeAt(epochMs(1050)),
    0,
    'records of one step count as one: never later than the true place',
  );
  t.equal(times.placeAt(epochMs(1100)), 2);
  t.equal(times.placeAt(epochMs(8999)), 3);
  t.equal(times.placeAt(epochMs(9000)), undefined);
});

t.test('memory is bounded; before what is remembered the place is unknown', async (t) => {
  const times = new LogTimes();
  for (let seq = 1; seq <= 10_000; seq += 1) times.record(seq, epochMs(seq * 1000));
  t.equal(times.placeAt(epochMs(9_998_000)), 9998);
  t.equal(times.placeAt(epochMs(1000)), -1);
});
