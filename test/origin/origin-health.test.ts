/** origin/origin-health.ts: what counts as a failure of the origin, and when it may be asked. */
import t from 'tap';
import { seconds } from '../../src/kit/time.ts';
import { type OriginChange, OriginHealth, type Probe } from '../../src/origin/origin-health.ts';
import type { OriginNews } from '../../src/origin/trouble.ts';
import type { FailureReason } from '../../src/origin/failure.ts';

const answered = (status: number, retryAfter?: number): OriginNews => ({
  kind: 'answered',
  status,
  retryAfter: retryAfter === undefined ? undefined : seconds(retryAfter),
});
const failed = (reason: FailureReason): OriginNews => ({ kind: 'failed', reason });

function setUp() {
  const changes: OriginChange[] = [];
  const health = new OriginHealth((change) => changes.push(change));
  const hear = (news: OriginNews, nowMs: number, more: { startedMs?: number; probe?: Probe } = {}): void => {
    health.heard(news, { startedMs: more.startedMs ?? nowMs, nowMs, probe: more.probe });
  };
  const fail = (nowMs: number, news = failed('refused')): void => {
    for (let count = 0; count < 5; count += 1) hear(news, nowMs);
  };
  const probe = (nowMs: number): Probe => {
    const admission = health.admit(nowMs);
    if (admission.kind !== 'probe') throw new Error(`${admission.kind}, no probe`);
    return admission.probe;
  };
  return { health, changes, hear, fail, probe };
}

t.test('five failures in a row open it; other results count as an answer or do not count', async (t) => {
  const against = [
    ...[502, 503, 504].map((status) => answered(status)),
    ...(['refused', 'connect-timeout', 'head-timeout', 'reset', 'malformed'] as const).map(failed),
  ];
  for (const news of against) {
    const { health, hear } = setUp();
    for (const at of [1, 2, 3, 4]) hear(news, at);
    t.equal(health.isClosed, true, `${JSON.stringify(news)}: not before the fifth`);
    hear(news, 5);
    t.equal(health.isClosed, false);
  }
  for (const status of [200, 304, 404, 429, 500, 501, 505]) {
    const { health, hear, fail } = setUp();
    for (const at of [1, 2, 3, 4]) hear(failed('refused'), at);
    hear(answered(status), 5);
    for (const at of [6, 7, 8, 9]) hear(failed('refused'), at);
    t.equal(health.isClosed, true, `${status} breaks the row`);
    fail(10);
    t.equal(health.isClosed, false);
  }
  for (const reason of ['aborted', 'body-timeout', 'truncated'] as const) {
    const { health, hear } = setUp();
    for (let at = 0; at < 20; at += 1) hear(failed(reason), at);
    t.equal(health.isClosed, true, `${reason} is no failure`);
    for (const at of [21, 22, 23, 24]) hear(failed('reset'), at);
    hear(failed(reason), 25);
    hear(failed('reset'), 26);
    t.equal(health.isClosed, false, `${reason} does not break the row`);
  }
});

t.test('one probe at a time, after a pause that doubles; its result decides', async (t) => {
  const { health, hear, fail, probe } = setUp();
  t.equal(health.admit(0).kind, 'free');
  fail(0);
  t.equal(health.pauseMs(100), 400);
  t.equal(health.admit(499).kind, 'held');
  let now = 500;
  for (const pause of [1000, 2000, 3000, 3000]) {
    const one = probe(now);
    t.equal(health.admit(now + 1).kind, 'held', 'somebody is trying');
    hear(answered(503), now + 10, { probe: one });
    t.equal(health.pauseMs(now + 10), pause);
    now += 10 + pause;
  }
  hear(answered(200), now + 10, { probe: probe(now) });
  t.equal(health.isClosed, true);
  t.equal(health.admit(now + 10).kind, 'free');
});

t.test('any answer closes it at once; other failures do not end the probe', async (t) => {
  const { health, hear, fail, probe } = setUp();
  fail(0);
  hear(answered(200), 10);
  t.equal(health.isClosed, true, 'before the pause is over');
  fail(20_000);
  const one = probe(20_500);
  hear(failed('refused'), 20_501);
  t.equal(health.admit(20_502).kind, 'held', 'the probe is under way');
  hear(answered(404), 20_503);
  t.equal(health.isClosed, true);
  hear(failed('reset'), 20_504, { probe: one, startedMs: 20_500 });
  for (const at of [1, 2, 3, 4]) hear(failed('reset'), 20_504 + at);
  t.equal(health.isClosed, true, 'the late end of a probe begun before it closed does not count');
});

t.test('a request that began before it closed, and fails later, does not open it again', async (t) => {
  const { health, hear, fail } = setUp();
  fail(0);
  hear(answered(200), 100);
  for (let at = 0; at < 20; at += 1) hear(failed('head-timeout'), 30_000 + at, { startedMs: 50 });
  t.equal(health.isClosed, true);
  fail(40_000, failed('head-timeout'));
  t.equal(health.isClosed, false);
});

t.test(
  'a hanging probe is replaced by another; its late answer counts, its late failure does not',
  async (t) => {
    const { health, hear, fail, probe } = setUp();
    fail(0);
    const first = probe(500);
    t.equal(health.giveUp(first, 2500), true);
    t.equal(health.giveUp(first, 2500), false);
    const second = probe(3500);
    hear(failed('head-timeout'), 3600, { probe: first });
    t.equal(health.admit(3601).kind, 'held', 'the second is still the probe');
    t.equal(health.giveUp(second, 5500), true);
    hear(answered(200), 5600, { probe: first });
    t.equal(health.isClosed, true);
  },
);

t.test('a probe whose fetch is aborted ends without a result', async (t) => {
  const { health, hear, fail, probe } = setUp();
  fail(0);
  hear(failed('aborted'), 600, { probe: probe(500) });
  t.equal(health.pauseMs(600), 1000);
  t.equal(health.admit(1600).kind, 'probe');
});

t.test(
  'RFC 9110 §10.2.3: Retry-After of the 503 that opens it sets the pause, up to the longest',
  async (t) => {
    const { health, hear, fail, probe } = setUp();
    fail(0, answered(503, 2));
    t.equal(health.pauseMs(0), 2000);
    hear(answered(503, 3600), 2100, { probe: probe(2000) });
    t.equal(health.pauseMs(2100), 3000);
    hear(answered(503, 3600), 5000);
    t.equal(health.pauseMs(5100), 0, 'another page that says so does not put the probe off');
    hear(answered(503), 5200, { probe: probe(5100) });
    t.equal(health.pauseMs(5200), 2000, 'without it the pause is what it is');
  },
);

t.test('opening and closing are reported once each, with the last failure of the origin', async (t) => {
  const { health, changes, hear, fail, probe } = setUp();
  fail(0, answered(503));
  t.equal(health.trouble, 'error');
  hear(failed('refused'), 600, { probe: probe(500) });
  t.equal(health.trouble, 'disconnected');
  hear(answered(200), 2000);
  hear(answered(200), 2001);
  t.strictSame(changes, [{ breaker: 'open', why: 'status-503' }, { breaker: 'closed' }]);
});
