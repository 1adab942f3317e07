/** kit/time.ts, SteadyClock: the time after the wall clock is set (issue 13.7). */
import t from 'tap';
import { type Clock, type EpochMs, epochMs, SteadyClock, wallTime } from '../../src/kit/time.ts';

const hour = 3_600_000;

/** A wall clock that can be set, beside one that cannot. */
class SettableClock implements Clock {
  wallMs = Date.parse('2026-03-10T10:00:00Z');
  elapsedMs = 5;

  now(): EpochMs {
    return epochMs(this.wallMs);
  }

  monotonicMs(): number {
    return this.elapsedMs;
  }

  pass(ms: number): void {
    this.wallMs += ms;
    this.elapsedMs += ms;
  }
}

function fixture() {
  const source = new SettableClock();
  const clock = new SteadyClock(source);
  const startedAt = clock.now();
  return { source, clock, since: () => clock.now() - startedAt };
}

t.test('it equals the wall clock while that is not set', (t) => {
  const { source, clock } = fixture();
  for (const ms of [0, 1, 999, hour]) {
    source.pass(ms);
    t.equal(clock.now(), source.wallMs);
  }
  t.equal(clock.aheadMs(), 0);
  t.end();
});

t.test('when the wall clock is set back, however often, it advances by the time that elapses', (t) => {
  const { source, clock, since } = fixture();
  for (let step = 1; step <= 5; step += 1) {
    source.wallMs -= hour;
    source.pass(1000);
    t.equal(since(), step * 1000);
    t.equal(clock.aheadMs(), step * hour);
    t.equal(wallTime(clock, clock.now()), source.wallMs);
  }
  t.end();
});

t.test('a step forward is followed, also after one back', (t) => {
  const { source, clock, since } = fixture();
  source.wallMs += hour;
  t.equal(since(), hour);
  t.equal(clock.aheadMs(), 0);
  source.wallMs -= 2 * hour;
  t.equal(since(), hour);
  source.wallMs += hour / 2;
  t.equal(since(), 1.5 * hour, 'a machine suspended after its clock was set back');
  t.equal(wallTime(clock, clock.now()), source.wallMs);
  t.end();
});

t.test('a machine that starts in 1970 has the right time once it is set', (t) => {
  const source = new SettableClock();
  source.wallMs = 1000;
  const clock = new SteadyClock(source);
  source.wallMs = Date.parse('2026-03-10T10:00:00Z');
  t.equal(clock.now(), source.wallMs);
  t.end();
});

t.test('small steps are not ignored when they add up', (t) => {
  const { source, clock, since } = fixture();
  for (let count = 0; count < 100; count += 1) source.wallMs += 60;
  t.ok(since() > 5900);
  for (let count = 0; count < 100; count += 1) {
    source.wallMs -= 60;
    clock.now();
  }
  t.ok(since() > 5900);
  t.ok(Math.abs(wallTime(clock, clock.now()) - source.wallMs) <= 100);
  t.end();
});

t.test('it never runs back, and reads the clock of this machine', (t) => {
  const clock = new SteadyClock({ now: () => epochMs(Date.now()), monotonicMs: () => performance.now() });
  let last = 0;
  for (let count = 0; count < 100_000; count += 1) {
    const now = clock.now();
    if (now < last) t.fail('it ran back');
    last = now;
  }
  t.ok(Math.abs(last - Date.now()) < 1000);
  t.end();
});
