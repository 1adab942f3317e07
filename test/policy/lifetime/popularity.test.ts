import { hash } from 'node:crypto';
import t from 'tap';
import { epochMs, seconds } from '../../../src/kit/time.ts';
import { createPopularity, type Popularity } from '../../../src/policy/lifetime/popularity.ts';

const key = (name: string | number) => hash('sha256', String(name), 'hex');
const hour = 3_600_000;
const start = 1_700_000_000_000;
const tenAnHour = { requests: 10, per: seconds(3600) };

const recordTimes = (
  popularity: Popularity,
  { name, times, at }: { name: string; times: number; at: number },
) => {
  for (let n = 0; n < times; n++) popularity.record(key(name), epochMs(at));
};

t.test('a key is popular from its tenth request within the hour on', (t) => {
  const popularity = createPopularity(tenAnHour);
  recordTimes(popularity, { name: 'a', times: 9, at: start });
  t.notOk(popularity.isHigh(key('a'), epochMs(start)));
  recordTimes(popularity, { name: 'a', times: 1, at: start + hour - 1 });
  t.ok(popularity.isHigh(key('a'), epochMs(start + hour - 1)));
  t.notOk(popularity.isHigh(key('b'), epochMs(start + hour - 1)));
  t.end();
});

t.test('popularity fades: half of the last hour’s requests count half an hour later, none after two', (t) => {
  const popularity = createPopularity(tenAnHour);
  recordTimes(popularity, { name: 'a', times: 20, at: start });
  t.ok(popularity.isHigh(key('a'), epochMs(start + 1.5 * hour)), '20 × ½');
  t.notOk(popularity.isHigh(key('a'), epochMs(start + 1.51 * hour)));
  recordTimes(popularity, { name: 'a', times: 1, at: start + 1.51 * hour });
  t.ok(popularity.isHigh(key('a'), epochMs(start + 1.51 * hour)));
  t.notOk(popularity.isHigh(key('a'), epochMs(start + 3 * hour)));
  t.end();
});

t.test('a clock that jumps back does not make a key popular, nor stop the counting', (t) => {
  const popularity = createPopularity(tenAnHour);
  recordTimes(popularity, { name: 'a', times: 9, at: start });
  t.notOk(popularity.isHigh(key('a'), epochMs(start - 60_000)));
  recordTimes(popularity, { name: 'b', times: 10, at: start - 100 * hour });
  t.ok(popularity.isHigh(key('b'), epochMs(start - 100 * hour)));
  t.notOk(popularity.isHigh(key('b'), epochMs(start - 97 * hour)));
  t.end();
});

t.test('large thresholds are counted in steps, within a few percent', (t) => {
  const popularity = createPopularity({ requests: 10_000, per: seconds(3600) });
  recordTimes(popularity, { name: 'a', times: 8000, at: start });
  t.notOk(popularity.isHigh(key('a'), epochMs(start)));
  recordTimes(popularity, { name: 'a', times: 4500, at: start });
  t.ok(popularity.isHigh(key('a'), epochMs(start)));
  t.end();
});

t.test('any text may be a key', (t) => {
  const popularity = createPopularity({ requests: 1, per: seconds(1) });
  for (const text of ['', 'short', 'Ünïcödé and longer than twenty']) {
    popularity.record(text, epochMs(start));
    t.ok(popularity.isHigh(text, epochMs(start)), text);
  }
  t.end();
});

t.test('a million distinct keys in an hour make none popular, and hide none that is', (t) => {
  const popularity = createPopularity(tenAnHour);
  const before = process.memoryUsage().arrayBuffers;
  const now = epochMs(start);
  // A linear congruence walks the digits cheaply; digests of their own for a sample.
  let state = 1;
  const digits = () =>
    (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0).toString(16).padStart(8, '0');
  for (let n = 0; n < 1_000_000; n++) popularity.record(digits() + digits() + digits(), now);
  recordTimes(popularity, { name: 'hot', times: 10, at: start });
  t.ok(popularity.isHigh(key('hot'), now));
  const sample = Array.from({ length: 50_000 }, (_, n) => key(n));
  const wrong = sample.filter((digest) => popularity.isHigh(digest, now)).length;
  t.ok(wrong < 5, `${wrong} of 50 000 unseen keys`);
  for (const digest of sample) popularity.record(digest, now);
  const wrongSeen = sample.filter((digest) => popularity.isHigh(digest, now)).length;
  t.ok(wrongSeen < 5, `${wrongSeen} of 50 000 keys seen once`);
  t.ok(process.memoryUsage().arrayBuffers - before <= 1024 * 1024, 'no memory grows with the keys');
  t.end();
});
