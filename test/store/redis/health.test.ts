import t from 'tap';
import { seconds } from '../../../src/kit/time.ts';
import { RedisHealth } from '../../../src/store/redis/health.ts';
import { TestClock } from '../../helpers/test-clock.ts';

function healthBut(lag = 1) {
  const clock = new TestClock();
  const breakers: string[] = [];
  const options = {
    clock,
    lag: seconds(lag),
    fallbackTtl: seconds(60),
    onBreaker: (kind: string) => breakers.push(kind),
  };
  const health = new RedisHealth(options);
  const hear = (): void => {
    health.heard(clock.monotonicMs(), health.mark);
  };
  return { health, clock, breakers, hear, nowMs: () => clock.monotonicMs() };
}

t.test('the log counts as heard for `lag`; Redis is up for that long, and 1.5 s at most', async (t) => {
  for (const [lag, passed, isHeard, isUp] of [
    [1, 0.9, true, true],
    [1, 1, false, false],
    [30, 1.4, true, true],
    [30, 1.5, true, false],
  ] as const) {
    const { health, clock, hear, nowMs } = healthBut(lag);
    t.strictSame([health.isHeard(nowMs()), health.silence(nowMs())], [false, undefined], 'not yet');
    hear();
    clock.advance(passed);
    t.strictSame([health.isHeard(nowMs()), health.isUp(nowMs())], [isHeard, isUp], `${lag} ${passed}`);
    t.equal(health.silence(nowMs()), passed);
    t.equal(health.mustHear(nowMs()), !isHeard);
  }
});

t.test('a connection is used only when the log was asked after it was made', async (t) => {
  const { health, clock, hear, nowMs } = healthBut();
  health.changed('reader');
  t.equal(health.mayUse('reader'), false);
  const { mark } = health;
  health.changed('writer');
  health.heard(clock.monotonicMs(), mark);
  t.strictSame([health.isProven('reader'), health.isProven('writer')], [true, false]);
  hear();
  t.equal(health.mayUse('writer'), true);
  health.changed('reader');
  t.strictSame([health.mustHear(nowMs()), health.isUp(nowMs())], [true, false]);
});

t.test('three failures open the breaker, a probe closes it', async (t) => {
  const { health, clock, breakers, hear, nowMs } = healthBut();
  hear();
  health.ended(false, false);
  health.ended(false, false);
  health.ended(false, true);
  for (let count = 0; count < 3; count += 1) {
    t.equal(health.mayUse('reader'), true);
    health.ended(false, false);
  }
  t.strictSame([health.mayUse('reader'), health.mustHear(nowMs())], [false, false]);
  clock.advance(0.25);
  t.equal(health.breaker.beginProbe(nowMs()), true);
  health.ended(true, true);
  t.strictSame([health.mayUse('reader'), breakers], [true, ['open', 'half-open', 'closed']]);
});

t.test('what is another’s is not used on any connection', async (t) => {
  const { health, hear } = healthBut();
  hear();
  health.refused(false);
  t.equal(health.breaker.isClosed, false);
  for (const link of ['reader', 'writer', 'tail'] as const) t.equal(health.isProven(link), false, link);
});

t.test('while the log is silent there is one fallback, from when memory was trusted last', async (t) => {
  const { health, clock, hear } = healthBut();
  hear();
  clock.advance(5);
  const fallback = health.fallback();
  t.equal(health.fallback(), fallback);
  hear();
  t.not(health.fallback(), fallback);
});
