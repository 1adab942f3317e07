import t from 'tap';
import type { FillEnd } from '../../src/proxy/fetch/fill-input.ts';
import { OriginHealth } from '../../src/origin/origin-health.ts';
import { Governor, type Work } from '../../src/refresh/governor.ts';
import { TestClock } from '../helpers/test-clock.ts';
import { TestTimers } from './test-timers.ts';

const done: FillEnd = { status: 200, entry: undefined, notStored: undefined, failure: undefined };

function setUp({ concurrency = 4, connections = 128 } = {}) {
  const clock = new TestClock();
  const timers = new TestTimers(clock);
  const origin = { inFlight: 0, waiting: 0 };
  const health = new OriginHealth();
  const errors: unknown[] = [];
  const governor = new Governor({
    clock,
    concurrency: () => concurrency,
    connections: () => connections,
    load: { inFlight: () => origin.inFlight, waiting: () => origin.waiting },
    health,
    later: timers.later,
    onError: (error) => errors.push(error),
  });
  let running = 0;
  let most = 0;
  const started: string[] = [];
  const ends: (() => void)[] = [];
  const work = (name: string, worth = 1, isWanted = () => true): Work => ({
    name,
    worth,
    isWanted,
    run: () => {
      started.push(name);
      running += 1;
      origin.waiting += 1;
      origin.inFlight += 1;
      most = Math.max(most, running);
      return new Promise((resolve) => {
        ends.push(() => {
          running -= 1;
          origin.waiting -= 1;
          origin.inFlight -= 1;
          resolve(done);
        });
      });
    },
  });
  /** Ends all that is under way. */
  const endAll = (): void => {
    for (const end of ends.splice(0)) end();
  };
  return { clock, timers, origin, health, errors, governor, work, started, ends, endAll, most: () => most };
}

t.test('work begins at once while there is room, and never exceeds the limit', async (t) => {
  const { governor, work, started, endAll, timers, most } = setUp();
  for (let index = 0; index < 10_000; index += 1) void governor.submit(work(`w${index}`, index));
  t.equal(started.length, 4, 'in the same turn');
  t.match(governor.stats(), { running: 4, waiting: 9996, limit: 4 });
  for (let round = 0; round < 200; round += 1) {
    endAll();
    await timers.advance(0.02);
  }
  t.equal(most(), 4);
  t.ok(started.length > 700, `${started.length} have begun`);
  t.strictSame(started.slice(4, 7), ['w9999', 'w9998', 'w9997'], 'the most worthwhile first');
});

t.test('the rate per second holds, however fast the origin answers', async (t) => {
  const { governor, work, started, endAll, timers } = setUp({ concurrency: 2 });
  for (let index = 0; index < 1000; index += 1) void governor.submit(work(`w${index}`));
  for (let round = 0; round < 200; round += 1) {
    endAll();
    await timers.advance(0.005, 0.005);
  }
  t.ok(started.length <= 102 + 1, `${started.length} in a second`);
  t.ok(started.length >= 90);
});

t.test('work of one name waits once; work that became needless is not started', async (t) => {
  const { governor, work, started, endAll, timers } = setUp({ concurrency: 1 });
  void governor.submit(work('first'));
  let isWanted = true;
  const ends = [
    governor.submit(work('a')),
    governor.submit(work('a')),
    governor.submit(work('b', 1, () => isWanted)),
  ];
  isWanted = false;
  t.strictSame(await ends[0], { kind: 'needless' });
  endAll();
  await timers.advance(0.1);
  endAll();
  t.strictSame(await ends[1], { kind: 'done', end: done });
  await timers.advance(0.1);
  t.strictSame(await ends[2], { kind: 'needless' });
  t.strictSame(started, ['first', 'a']);
  await governor.idle();
  t.match(governor.stats(), { started: 2, running: 0, waiting: 0 });
});

t.test('when the origin’s latency grows tenfold, it slows down, and later recovers', async (t) => {
  const { governor, clock } = setUp();
  const samples = (count: number, headMs: number, isError = false): void => {
    for (let index = 0; index < count; index += 1) {
      clock.advance(0.1);
      governor.onSample({ headMs, isError });
    }
  };
  samples(100, 20);
  t.match(governor.stats(), { limit: 4, perSecond: 200 });
  samples(40, 200);
  t.match(governor.stats(), { limit: 1 });
  t.ok(governor.stats().perSecond <= 10);
  samples(600, 20);
  t.match(governor.stats(), { limit: 4, perSecond: 200 });
  samples(1, 2000);
  t.match(governor.stats(), { limit: 4 }, 'one slow answer is no trouble');
  samples(40, 20, true);
  t.match(governor.stats(), { limit: 1 }, 'errors are');
});

t.test('after minutes, a slow origin counts as normal', async (t) => {
  const { governor, clock } = setUp();
  for (let index = 0; index < 4000; index += 1) {
    clock.advance(0.1);
    governor.onSample({ headMs: index < 100 ? 20 : 200, isError: false });
  }
  t.match(governor.stats(), { limit: 4 });
});

t.test('clients that wait for the origin have priority', async (t) => {
  const { governor, work, started, origin, endAll, timers } = setUp({ connections: 10 });
  origin.waiting = origin.inFlight = 5;
  for (let index = 0; index < 20; index += 1) void governor.submit(work(`w${index}`));
  t.equal(started.length, 2, 'half the places');
  origin.waiting = origin.inFlight = 11;
  endAll();
  await timers.advance(0.2);
  t.equal(started.length, 2, 'none while the connections are taken');
  origin.waiting = origin.inFlight = 0;
  governor.onRoom();
  t.equal(started.length, 6);
});

t.test('a failing piece does not stop the others, and a closed governor starts nothing', async (t) => {
  const { governor, work, started, errors, endAll, timers } = setUp({ concurrency: 1 });
  const broken = { ...work('broken'), run: () => Promise.reject(new Error('no')) };
  const ends = [governor.submit(broken), governor.submit(work('next'))];
  t.match(await ends[0], { kind: 'error' });
  t.equal(errors.length, 1);
  await timers.advance(0.1);
  const waiting = governor.submit(work('waiting'));
  governor.close();
  t.strictSame(await waiting, { kind: 'dropped' });
  t.strictSame(await governor.submit(work('late')), { kind: 'dropped' });
  endAll();
  t.match(await ends[1], { kind: 'done' });
  t.strictSame(started, ['next']);
});

t.test(
  'while the breaker is open, all work waits except a probe, the piece that waited longest',
  async (t) => {
    const { governor, health, work, started, endAll, timers, clock } = setUp();
    const hear = (status: number): void => {
      const nowMs = clock.monotonicMs();
      health.heard({ kind: 'answered', status }, { startedMs: nowMs, nowMs, probe: undefined });
    };
    for (let count = 0; count < 5; count += 1) hear(503);
    const probing = (name: string, worth: number): Work => {
      const { run, ...rest } = work(name, worth);
      return {
        ...rest,
        run: () => {
          const admission = health.admit(clock.monotonicMs());
          if (admission.kind === 'held') throw new Error('the governor does not know');
          return run();
        },
      };
    };
    for (let index = 0; index < 20; index += 1) void governor.submit(probing(`w${index}`, index));
    t.strictSame(started, []);
    await timers.advance(0.4);
    t.strictSame(started, [], 'the pause is not over');
    await timers.advance(0.2);
    t.strictSame(started, ['w0']);
    await timers.advance(1);
    t.strictSame(started, ['w0'], 'one at a time');
    hear(200);
    endAll();
    await timers.advance(0.1);
    t.strictSame(started.slice(0, 3), ['w0', 'w19', 'w18'], 'the others as they are worth it');
    t.match(governor.stats(), { dropped: 0, needless: 0 });
  },
);

t.test('work that began before the breaker opened, and hangs, does not prevent the probe', async (t) => {
  const { governor, health, work, started, timers, clock } = setUp();
  for (let index = 0; index < 4; index += 1) void governor.submit(work(`hangs${index}`));
  t.equal(started.length, 4);
  for (let count = 0; count < 5; count += 1) {
    const nowMs = clock.monotonicMs();
    health.heard({ kind: 'failed', reason: 'refused' }, { startedMs: nowMs, nowMs, probe: undefined });
  }
  void governor.submit(work('probe'));
  void governor.submit(work('next'));
  await timers.advance(1);
  t.strictSame(started.slice(4), ['probe'], 'and one at a time');
});
