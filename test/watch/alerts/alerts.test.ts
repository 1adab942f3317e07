/** Alerts: when they fire, when they end, and that a value at the bound gives one notice, not ten. */
import t from 'tap';
import { type EpochMs, epochMs, seconds } from '../../../src/kit/time.ts';
import {
  type AlertState,
  nextState,
  type Notice,
  quietSince,
  type Reading,
  type WatchedAlert,
  type WatchedCondition,
} from '../../../src/watch/alerts/alerts.ts';

const start = epochMs(1_750_000_000_000);

const readingBut = (change: Partial<Reading> = {}): Reading => ({
  covers: true,
  reads: 1000,
  hitRate: 0.9,
  audited: 0,
  auditedStale: 0,
  originRequests: 100,
  originErrorRate: 0,
  originLatency: seconds(0.05),
  redisDown: false,
  quarantined: [],
  rolledBack: [],
  residentBytes: 1e8,
  redisBytes: undefined,
  purgeLag: seconds(0),
  leakSuspected: false,
  reasons: [
    { reason: 'cold', share: 0.6 },
    { reason: 'purged/write', share: 0.3 },
    { reason: 'vary', share: 0.1 },
  ],
  ...change,
});

const alertOf = (when: WatchedCondition, span = 300): WatchedAlert => ({
  name: 'a',
  when,
  for: seconds(span),
  minRequests: 100,
  webhook: undefined,
});

/** One reading a second; gives the notices with the second they came at. */
function play(
  alert: WatchedAlert,
  readings: readonly Partial<Reading>[],
): (Pick<Notice, 'status' | 'text'> & { at: number })[] {
  let state: AlertState = quietSince(start);
  return readings.flatMap((change, index) => {
    const now = (start + index * 1000) as EpochMs;
    const next = nextState(state, { alert, reading: readingBut(change), now });
    state = next.state;
    return next.notice === undefined
      ? []
      : [{ status: next.notice.status, text: next.notice.text, at: index }];
  });
}

const times = (count: number, change: Partial<Reading>): Partial<Reading>[] =>
  Array.from({ length: count }, () => change);
const lowHitRate = alertOf({ kind: 'hit_rate_below', share: 0.5 });

t.test(
  'a low hit rate over all of `for` fires once, and names the two largest causes of misses',
  async (t) => {
    const [notice, ...more] = play(lowHitRate, times(400, { hitRate: 0.3 }));
    t.match(notice, { status: 'firing', at: 0 });
    t.match(notice?.text, /hit rate is 30\.0 %.*cold \(60\.0 %\), purged\/write \(30\.0 %\)/);
    t.notMatch(notice?.text, /vary/);
    t.strictSame(more, []);
  },
);

t.test('too few requests, or too short a time, fire nothing', async (t) => {
  t.strictSame(play(lowHitRate, times(50, { hitRate: 0.1, reads: 99 })), []);
  t.strictSame(play(lowHitRate, times(50, { hitRate: 0.1, covers: false })), []);
});

t.test('without requests nothing fires, whatever the minimum number', async (t) => {
  const nothing = { reads: 0, hitRate: 0, originRequests: 0 };
  t.strictSame(play({ ...lowHitRate, minRequests: 0 }, times(50, nothing)), []);
});

t.test('an alert with a bound close to 1 can end', async (t) => {
  for (const [share, enough] of [
    [1, 1],
    [0.95, 0.98],
  ] as const) {
    const notices = play(alertOf({ kind: 'hit_rate_below', share }, 1), [
      ...times(5, { hitRate: share - 0.01 }),
      ...times(5, { hitRate: enough }),
    ]);
    t.strictSame(
      notices.map(({ status }) => status),
      ['firing', 'resolved'],
      `below ${share}`,
    );
  }
});

t.test(
  'it ends after a minute that is better by a margin: wavering at the bound changes nothing',
  async (t) => {
    const wavering = Array.from({ length: 300 }, (_, n) => ({ hitRate: n % 2 === 0 ? 0.49 : 0.52 }));
    t.strictSame(
      play(lowHitRate, [...times(5, { hitRate: 0.4 }), ...wavering]).map(({ status }) => status),
      ['firing'],
    );
    const notices = play(lowHitRate, [...times(5, { hitRate: 0.4 }), ...times(100, { hitRate: 0.8 })]);
    t.match(notices, [{ status: 'firing' }, { status: 'resolved', at: 65 }]);
  },
);

t.test('a state must last for all of `for`', async (t) => {
  const down = alertOf({ kind: 'redis_down' }, 30);
  t.strictSame(play(down, [...times(29, { redisDown: true }), {}, ...times(29, { redisDown: true })]), []);
  t.match(play(down, [...times(40, { redisDown: true }), ...times(40, {})]), [
    { status: 'firing', at: 30 },
    { status: 'resolved', at: 70 },
  ]);
});

t.test('every condition fires on its value and ends without it', async (t) => {
  const cases: readonly [WatchedCondition, Partial<Reading>][] = [
    [{ kind: 'hit_rate_below', share: 0.5 }, { hitRate: 0.4 }],
    [{ kind: 'origin_error_rate_above', share: 0.1 }, { originErrorRate: 0.2 }],
    [
      { kind: 'stale_above', share: 0.01 },
      { audited: 1000, auditedStale: 100 },
    ],
    [{ kind: 'origin_latency_above', duration: seconds(1) }, { originLatency: seconds(2) }],
    [{ kind: 'memory_above', bytes: 1e9 }, { residentBytes: 2e9 }],
    [{ kind: 'purge_lag_above', duration: seconds(5) }, { purgeLag: seconds(6) }],
    [{ kind: 'redis_down' }, { redisDown: true }],
    [{ kind: 'quarantined' }, { quarantined: ['/all'] }],
    [{ kind: 'rolled_back' }, { rolledBack: ['all: 3 of 20 compared copies were stale'] }],
    [{ kind: 'leak_suspected' }, { leakSuspected: true }],
    [{ kind: 'redis_bytes_above', bytes: 1e9 }, { redisBytes: 2e9 }],
  ];
  const fine = { redisBytes: 1000 };
  for (const [when, bad] of cases) {
    t.strictSame(play(alertOf(when, 1), times(5, fine)), [], `${when.kind}: fine`);
    const notices = play(alertOf(when, 1), [...times(5, bad), ...times(5, fine)]);
    t.strictSame(
      notices.map(({ status }) => status),
      ['firing', 'resolved'],
      when.kind,
    );
  }
});

t.test('the size of what is stored in Redis is judged once it is known, and not before', async (t) => {
  const over = alertOf({ kind: 'redis_bytes_above', bytes: 500e6 }, 0);
  t.strictSame(play(over, times(5, {})), []);
  const known = [{ redisBytes: 600e6 }, {}, {}, { redisBytes: 490e6 }, {}, { redisBytes: 400e6 }];
  t.match(play(over, known), [
    { status: 'firing', at: 0, text: 'a: redis_bytes_above 477 MiB. About 572 MiB are stored in Redis.' },
    { status: 'resolved', at: 5 },
  ]);
});
