import t from 'tap';
import { TokenBucket } from '../../src/kit/token-bucket.ts';

const bucketOf = () => new TokenBucket({ perSecond: 100, leastPerSecond: 1, burst: 4 });

/** How many tokens there are within a second, looked at every millisecond. */
function taken(bucket: TokenBucket, fromMs: number): number {
  let count = 0;
  for (let nowMs = fromMs; nowMs < fromMs + 1000; nowMs += 1) while (bucket.take(nowMs)) count += 1;
  return count;
}

t.test('it allows a burst and then its rate, and says how long to wait', async (t) => {
  const bucket = bucketOf();
  const burst = [1, 2, 3, 4, 5].map(() => bucket.take(0));
  t.strictSame(burst, [true, true, true, true, false]);
  t.equal(bucket.waitMs(0), 10);
  t.equal(bucket.waitMs(5), 5);
  t.ok(bucket.take(10));
  t.ok(Math.abs(taken(bucket, 11) - 100) <= 1);
});

t.test('trouble halves the rate down to the minimum; it recovers slowly', async (t) => {
  const bucket = bucketOf();
  bucket.shrink(0);
  t.equal(bucket.rate, 50);
  for (let time = 0; time < 20; time += 1) bucket.shrink(0);
  t.equal(bucket.rate, 1);
  t.ok(taken(bucket, 0) <= 2);
  bucket.grow(1000);
  t.ok(bucket.rate > 1 && bucket.rate < 5);
  for (let time = 0; time < 60; time += 1) bucket.grow(1000);
  t.equal(bucket.rate, 100);
});

t.test('a clock that stands still or jumps back adds no tokens', async (t) => {
  const bucket = bucketOf();
  while (bucket.take(1000));
  t.notOk(bucket.take(0));
  t.notOk(bucket.take(1));
});
