/** How sure a share of stale copies is: by table, by simulation with a seeded generator, and through real servers. */
import t from 'tap';
import { epochMs } from '../../src/kit/time.ts';
import { wilson } from '../../src/kit/wilson.ts';
import { ShareInTime } from '../../src/trust/share-in-time.ts';
import { seeded } from './advice/seeded.ts';
import { playTrustDay } from './simulated-day.ts';

/** One copy compared each second, `age` seconds old. */
function counted(seconds: number, age: number, isStale: (at: number) => boolean): ShareInTime {
  const share = new ShareInTime();
  const begun = 1_000_000;
  for (let at = 1; at <= seconds; at += 1) {
    const now = begun + at;
    share.add({ isStale: isStale(at), from: epochMs((now - age) * 1000), at: epochMs(now * 1000) });
  }
  return share;
}

t.test('copies are worth the moments that they were seen in', (t) => {
  t.same(new ShareInTime().interval(), { low: 0, high: 1 });
  const cases: readonly (readonly [name: string, ShareInTime, like: readonly [of: number, stale: number]])[] =
    [
      ['of no age: each is one', counted(400, 0, () => false), [400, 0]],
      ['as old as the time it was watched: one moment', counted(400, 400, () => false), [2, 0]],
      ['ten seconds old: a tenth of them', counted(4000, 10, () => false), [401, 0]],
    ];
  for (const [name, share, [of, stale]] of cases) {
    const [found, like] = [share.interval(), wilson(stale, of)];
    t.ok(Math.abs(found.high - like.high) < 0.001, `${name}: ${found.high}, not ${like.high}`);
    t.equal(found.low, 0, name);
  }
  t.end();
});

t.test('a burst is one change, not many', (t) => {
  const burst = counted(4000, 10, (at) => at >= 2000 && at < 2080).interval();
  const spread = counted(4000, 10, (at) => at % 50 === 0).interval();
  const plain = wilson(80, 4000);
  t.ok(
    burst.low < 0.004 && burst.high > 0.06,
    `${burst.low} to ${burst.high} holds a fifth of it and three times it`,
  );
  t.ok(spread.low > 0.75 * plain.low && spread.high < 1.5 * plain.high, `${spread.low} to ${spread.high}`);
  const all = counted(100, 50, () => true).interval();
  t.ok(all.low < 0.8 && all.high === 1, 'all of them may have been one change as well');
  t.end();
});

/** A page is read every ten seconds and copied for five minutes; it changes every two hours on average. */
function simulatedDay(seed: number): {
  readonly share: ShareInTime;
  readonly of: number;
  readonly stale: number;
} {
  const random = seeded(seed);
  const untilChange = (): number => -Math.log(1 - random()) * 7200;
  const share = new ShareInTime();
  let [copiedAt, changedAt, nextChange, of, stale] = [0, -1, untilChange(), 0, 0];
  for (let at = 0; at < 36_000; at += 10) {
    for (; nextChange <= at; nextChange += untilChange()) changedAt = nextChange;
    if (at - copiedAt >= 300) {
      copiedAt = at;
      continue;
    }
    const isStale = changedAt > copiedAt;
    of += 1;
    if (isStale) stale += 1;
    share.add({ isStale, from: epochMs(copiedAt * 1000), at: epochMs(at * 1000) });
  }
  return { share, of, stale };
}

t.test('the interval of a day holds the share of all days in 95 of 100', (t) => {
  const days = Array.from({ length: 400 }, (_, at) => simulatedDay(at + 1));
  const sum = (of: (day: (typeof days)[number]) => number): number =>
    days.reduce((all, day) => all + of(day), 0);
  const long = sum(({ stale }) => stale) / sum(({ of }) => of);
  const held = (of: (day: (typeof days)[number]) => { low: number; high: number }): number =>
    days.filter((day) => of(day).low <= long && long <= of(day).high).length / days.length;
  const found = held(({ share }) => share.interval());
  t.ok(found >= 0.95, `${found}`);
  t.ok(held(({ stale, of }) => wilson(stale, of)) < 0.6, 'as if copies were independent, it would not');
  t.end();
});

// All of 200 days: scripts/trust-days.ts.
t.test('what shadow predicts is what comes', async (t) => {
  for (const seed of [3, 5]) {
    const changes = { alone: 20, written: 10, together: 0.5 };
    const { predicted, reads, hits, stale } = await playTrustDay({
      seed,
      hours: 1.5,
      readsAnHour: 160,
      changes,
    });
    const [low, high] = predicted.stale_interval;
    t.ok(stale > 0 && low <= stale / hits && stale / hits <= high, `${stale} of ${hits}: ${low} to ${high}`);
    t.ok(Math.abs(predicted.hit_rate - hits / reads) < 0.02, `${predicted.hit_rate}, ${hits} of ${reads}`);
  }
});
