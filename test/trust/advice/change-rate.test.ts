/** The estimator by table and by simulation with a seeded generator. */
import t from 'tap';
import { seeded } from './seeded.ts';
import {
  changeRate,
  type Intervals,
  lifetimeFor,
  staleShare,
} from '../../../src/trust/advice/change-rate.ts';

const many = (seconds: number, count: number): Intervals[] => [{ seconds, count }];

t.test('rates by table', async (t) => {
  for (const { what, same, changed, rate, low, high } of [
    { what: 'nothing seen', same: [], changed: [], rate: 0, low: 0, high: Infinity },
    { what: 'no change in 1000 s', same: many(10, 100), changed: [], rate: 0, low: 0, high: 0.00369 },
    // Equal intervals have a closed form: λ = −log(share without a change) / t.
    {
      what: 'half changed',
      same: many(100, 50),
      changed: many(100, 50),
      rate: Math.log(2) / 100,
      low: 0.0051,
      high: 0.0092,
    },
    { what: 'each changed', same: [], changed: many(100, 50), rate: Infinity, low: 0.0327, high: Infinity },
    {
      what: 'one change',
      same: many(100, 99),
      changed: many(100, 1),
      rate: 0.0001005,
      low: 0.0000058,
      high: 0.00044,
    },
  ]) {
    const found = changeRate({ same, changed });
    for (const [name, wanted] of Object.entries({ rate, low, high })) {
      const value = found[name as keyof typeof found];
      const isNear = value === wanted || Math.abs(value - wanted) <= wanted * 0.02;
      t.ok(isNear, `${what}: ${name} ${value} is ${wanted}`);
    }
  }
});

t.test('the share of stale hits, and the lifetime for a share, are inverse', async (t) => {
  t.equal(staleShare(0, 60), 0);
  t.equal(staleShare(Infinity, 60), 1);
  t.equal(lifetimeFor(0, 0.01), Infinity);
  t.equal(lifetimeFor(Infinity, 0.01), 0);
  for (const rate of [1e-6, 1e-3, 1])
    t.ok(Math.abs(staleShare(rate, lifetimeFor(rate, 0.01)) - 0.01) < 1e-5, `rate ${rate}`);
  t.ok(Math.abs(staleShare(1e-3, 1000) - Math.exp(-1)) < 1e-9, 'one change per lifetime: 1 − (1 − 1/e)');
});

t.test(
  'simulated: the interval holds the true rate in 95 % of the runs, and the mean is not off',
  async (t) => {
    const draw = seeded(20_261_130);
    const [runs, visits] = [400, 120];
    for (const mean of [0.05, 0.5, 2]) {
      const rate = mean / 300;
      let [held, sum] = [0, 0];
      for (let run = 0; run < runs; run += 1) {
        const [same, changed]: [Intervals[], Intervals[]] = [[], []];
        for (let visit = 0; visit < visits; visit += 1) {
          // Visits come irregularly, at a hundredth of the mean distance or at three of them.
          const seconds = 300 * 10 ** (draw() * 2.5 - 2);
          (draw() < -Math.expm1(-rate * seconds) ? changed : same).push({ seconds, count: 1 });
        }
        const found = changeRate({ same, changed });
        held += found.low <= rate && rate <= found.high ? 1 : 0;
        sum += found.rate;
      }
      t.ok(held >= runs * 0.93, `${mean} changes per visit: ${held} of ${runs} hold the rate`);
      t.ok(Math.abs(sum / runs / rate - 1) < 0.1, `mean ${sum / runs}, true ${rate}`);
    }
  },
);
