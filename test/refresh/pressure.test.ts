import t from 'tap';
import { Pressure } from '../../src/refresh/pressure.ts';

function watching() {
  const pressure = new Pressure();
  let nowMs = 0;
  const see = (count: number, headMs: number, { isError = false, everyMs = 100 } = {}): boolean => {
    for (let index = 0; index < count; index += 1) {
      nowMs += everyMs;
      pressure.record({ headMs, isError }, nowMs);
    }
    return pressure.isTrouble;
  };
  return { pressure, see };
}

t.test('a tenfold latency, or errors, count as trouble within a dozen exchanges', async (t) => {
  const { see } = watching();
  t.notOk(see(100, 20));
  t.ok(see(12, 200));
  const { see: seeOther } = watching();
  seeOther(100, 20);
  t.ok(seeOther(5, 20, { isError: true }));
});

t.test('a single slow answer or error does not', async (t) => {
  const { see } = watching();
  see(100, 20);
  t.notOk(see(1, 5000));
  see(50, 20);
  t.notOk(see(1, 20, { isError: true }));
});

t.test('an origin that always fails a little, or is slow from the start, counts as normal', async (t) => {
  const { pressure, see } = watching();
  for (let round = 0; round < 200; round += 1) see(1, 2000, { isError: round % 8 === 0 });
  t.notOk(pressure.isTrouble);
});

t.test('recovery is noticed at once', async (t) => {
  const { see } = watching();
  see(100, 20);
  t.ok(see(50, 400));
  t.notOk(see(30, 20));
});
