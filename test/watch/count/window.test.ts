/** Copies of the counters over time: charts and alerts reach as far back as they say. */
import t from 'tap';
import { epochMs, seconds } from '../../../src/kit/time.ts';
import { newTally } from '../../../src/watch/count/tally.ts';
import { LastLookups, type Point, Timeline } from '../../../src/watch/count/window.ts';

const start = 1_750_000_000_000;
const pointAt = (ms: number): Point => ({
  at: epochMs(start + ms),
  tally: newTally(),
  storeBytes: 0,
  residentBytes: 0,
  redisBytes: undefined,
  reasons: new Map(),
});

t.test('with a tick a second, early or late, every chart covers its span', async (t) => {
  const timeline = new Timeline();
  const ticks = 25 * 3600;
  for (let tick = 0; tick <= ticks; tick += 1) timeline.record(pointAt(tick * 1000 + (tick % 3) * 100));
  const now = epochMs(start + ticks * 1000);
  for (const span of [120, 600, 3600, 24 * 3600]) {
    const [first] = timeline.points(seconds(span), now);
    t.ok(first !== undefined && now - first.at >= span * 1000, `${span} s`);
    t.ok(timeline.since(now - span * 1000, pointAt(ticks * 1000)).covers, `${span} s for an alert`);
  }
});

t.test('the hit rate and the mean are those of the last hundred reads', async (t) => {
  const last = new LastLookups();
  t.equal(last.hitRate, 0);
  for (let n = 0; n < 250; n += 1) last.record(n < 200, seconds(n < 200 ? 1 : 3));
  t.equal(last.count, 100);
  t.equal(last.hitRate, 0.5);
  t.equal(last.meanMs, 2000);
});
