/** kit/breaker.ts: when work may be tried, and when not. */
import t from 'tap';
import { Breaker } from '../../src/kit/breaker.ts';

const breakerWith = (onChange?: (kind: string) => void) =>
  new Breaker({
    threshold: 3,
    firstPauseMs: 100,
    longestPauseMs: 350,
    calmMs: 1000,
    onChange: ({ kind }) => onChange?.(kind),
  });

t.test('opens after the given number of failures in a row, not before', async (t) => {
  const breaker = breakerWith();
  for (const now of [1, 2]) breaker.failed(now);
  breaker.succeeded();
  for (const now of [3, 4]) breaker.failed(now);
  t.equal(breaker.isClosed, true);
  breaker.failed(5);
  t.strictSame(breaker.state, { kind: 'open', until: 105, pause: 100 });
});

t.test('one probe after the pause decides', async (t) => {
  const kinds: string[] = [];
  const breaker = breakerWith((kind) => kinds.push(kind));
  breaker.trip(0);
  t.equal(breaker.beginProbe(99), false, 'the pause is not over');
  t.equal(breaker.beginProbe(100), true);
  t.equal(breaker.beginProbe(101), false, 'somebody is trying');
  t.equal(breaker.isClosed, false, 'work still waits');
  breaker.endProbe(110, true);
  t.equal(breaker.isClosed, true);
  t.strictSame(kinds, ['open', 'half-open', 'closed']);
});

t.test('the pause doubles with each failed probe, up to its bound', async (t) => {
  const breaker = breakerWith();
  breaker.trip(0);
  const pauses: number[] = [];
  for (const now of [1000, 2000, 3000, 4000]) {
    t.equal(breaker.beginProbe(now), true);
    breaker.endProbe(now, false);
    pauses.push(breaker.state.pause);
  }
  t.strictSame(pauses, [200, 350, 350, 350]);
});

t.test('a service that answers probes but not work is called less and less', async (t) => {
  const breaker = breakerWith();
  const reopen = (now: number) => {
    breaker.beginProbe(now);
    breaker.endProbe(now, true);
    breaker.trip(now + 10);
    return breaker.state.pause;
  };
  breaker.trip(0);
  t.strictSame([reopen(1000), reopen(2000), reopen(3000)], [200, 350, 350]);
  breaker.beginProbe(9000);
  breaker.endProbe(9000, true);
  breaker.trip(10_000);
  t.equal(breaker.state.pause, 100, 'after a calm time it starts anew');
});

t.test('late results of work that began before it opened change nothing', async (t) => {
  const breaker = breakerWith();
  breaker.trip(0);
  const { state } = breaker;
  breaker.succeeded();
  breaker.failed(50);
  breaker.trip(60);
  breaker.endProbe(70, true);
  t.equal(breaker.state, state);
});

t.test('other work that succeeds closes it at once, with or without a probe', async (t) => {
  const kinds: string[] = [];
  const breaker = breakerWith((kind) => kinds.push(kind));
  breaker.close(0);
  breaker.trip(10);
  breaker.close(20);
  t.strictSame(breaker.state, { kind: 'closed', failures: 0, since: 20, pause: 100 });
  breaker.trip(30);
  t.equal(breaker.state.pause, 200, 'it opened again soon');
  breaker.beginProbe(230);
  breaker.close(240);
  breaker.endProbe(250, false);
  t.strictSame(kinds, ['open', 'closed', 'open', 'half-open', 'closed'], 'the probe is late');
});
