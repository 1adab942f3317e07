/** Each condition of an alert, from the counters to the notices: it fires when it holds, and ends when it does not. */
import t from 'tap';
import pino from 'pino';
import { parseConfig } from '../../src/config/schema/check.ts';
import { seconds } from '../../src/kit/time.ts';
import { OriginHealth } from '../../src/origin/origin-health.ts';
import { MemoryStore } from '../../src/store/memory.ts';
import { AlertBoard } from '../../src/watch/alerts/alert-board.ts';
import type { RedisState } from '../../src/store/opened-store.ts';
import { Counting } from '../../src/watch/count/counting.ts';
import { Watch } from '../../src/watch/count/watch.ts';
import { TestClock } from '../helpers/test-clock.ts';
import { LocalPurgeLog } from '../../src/store/purge-log.ts';
import { outcomeBut } from './outcome-but.ts';

const mib = 1024 ** 2;

/** A board with one alert, whose seconds pass when it is told. */
function boardOf(alert: string, { more = '', span = '60s' } = {}) {
  const text = `upstream: http://127.0.0.1:9\nalerts:\n  - { name: a, for: ${span}, min_requests: 10, ${alert} }\n${more}`;
  const parsed = parseConfig(text, { file: 'alerts.yaml', env: {} });
  if (parsed.kind !== 'ok') throw new Error(parsed.problems.map(({ message }) => message).join('\n'));
  const { config } = parsed;
  const clock = new TestClock();
  const state: { redis: RedisState; residentBytes: number } = {
    redis: { redis: 'none', breaker: 'closed' },
    residentBytes: 90 * mib,
  };
  const store = new MemoryStore({ maxBytes: 1000 });
  const counting = new Counting(clock);
  const health = new OriginHealth();
  const purgeLog = new LocalPurgeLog('this process');
  const watch = new Watch({
    config: () => config,
    clock,
    counting,
    store,
    purgeLog,
    health,
    redis: () => state.redis,
  });
  const sent: string[] = [];
  const notices: string[] = [];
  const log = pino(
    {},
    {
      write: (line) => {
        const { alert: name, status } = JSON.parse(line) as Record<string, string>;
        notices.push(`${name ?? ''} ${status ?? ''}`);
      },
    },
  );
  const send = (url: string): Promise<void> => {
    sent.push(url);
    return Promise.resolve();
  };
  const board = new AlertBoard(watch, { log, send });
  /** Lets seconds pass; in each, this happens first. */
  const pass = (count: number, happens: () => void = () => undefined): void => {
    for (let second = 0; second < count; second += 1) {
      clock.advance(1);
      happens();
      const point = { ...watch.now(), residentBytes: state.residentBytes };
      watch.timeline.record(point);
      board.judge(point);
    }
  };
  return { watch, board, state, pass, notices, sent };
}

const firedAndOver = ['a firing', 'a resolved'];

t.test('hit_rate_below', async (t) => {
  const { watch, pass, notices } = boardOf('when: { hit_rate_below: 0.5 }');
  pass(61, () => {
    watch.onOutcome(outcomeBut());
  });
  t.strictSame(notices, ['a firing']);
  pass(200, () => {
    watch.onOutcome(outcomeBut({ kind: 'hit' }));
  });
  t.strictSame(notices, firedAndOver);
});

t.test('with no time to hold for it is measured over the last second', async (t) => {
  const { watch, pass, notices } = boardOf('when: { hit_rate_below: 0.5 }', { span: '0s' });
  pass(5, () => {
    for (let n = 0; n < 20; n += 1) watch.onOutcome(outcomeBut());
  });
  t.strictSame(notices, ['a firing']);
});

t.test('origin_error_rate_above', async (t) => {
  const { watch, pass, notices } = boardOf('when: { origin_error_rate_above: 0.1 }');
  const answers = (isError: boolean) => () => {
    watch.counters.onOrigin(seconds(0.1), isError);
  };
  pass(100, answers(false));
  t.strictSame(notices, []);
  pass(30, answers(true));
  t.strictSame(notices, ['a firing']);
  pass(200, answers(false));
  t.strictSame(notices, firedAndOver);
});

t.test('origin_latency_above', async (t) => {
  const { watch, pass, notices } = boardOf('when: { origin_latency_above: 500ms }');
  const takes = (duration: number) => () => {
    watch.counters.onOrigin(seconds(duration), false);
  };
  pass(100, takes(0.4));
  t.strictSame(notices, []);
  pass(60, takes(2));
  pass(200, takes(0.1));
  t.strictSame(notices, firedAndOver);
});

t.test('redis_down', async (t) => {
  const { state, pass, notices } = boardOf('when: { redis_down: true }');
  state.redis = { redis: 'up', breaker: 'closed', lag: seconds(0.1) };
  pass(100);
  state.redis = { redis: 'down', breaker: 'open' };
  pass(59);
  t.strictSame(notices, [], 'it must hold for all of its time');
  pass(10);
  t.strictSame(notices, ['a firing']);
  state.redis = { redis: 'up', breaker: 'closed', lag: seconds(0.1) };
  pass(100);
  t.strictSame(notices, firedAndOver);
});

t.test('purge_lag_above, also when the log was never heard', async (t) => {
  const { state, pass, notices } = boardOf('when: { purge_lag_above: 5s }');
  pass(100);
  t.strictSame(notices, [], 'without Redis there is nothing to hear');
  state.redis = { redis: 'down', breaker: 'open' };
  pass(62);
  t.strictSame(notices, ['a firing']);
  state.redis = { redis: 'up', breaker: 'closed', lag: seconds(0.2) };
  pass(100);
  t.strictSame(notices, firedAndOver);
});

t.test('memory_above', async (t) => {
  const { state, pass, notices } = boardOf('when: { memory_above: 300MiB }');
  pass(100);
  state.residentBytes = 301 * mib;
  pass(62);
  state.residentBytes = 299 * mib;
  pass(100);
  t.strictSame(notices, ['a firing'], 'a little below is not yet over');
  state.residentBytes = 200 * mib;
  pass(100);
  t.strictSame(notices, firedAndOver);
});

t.test('leak_suspected: what is above the bound, and what grows for an hour', async (t) => {
  const above = boardOf('when: { leak_suspected: true }');
  above.state.residentBytes = (64 + 151) * mib;
  above.pass(62);
  t.strictSame(above.notices, ['a firing']);
  above.state.residentBytes = 100 * mib;
  above.pass(100);
  t.strictSame(above.notices, firedAndOver);

  const growing = boardOf('when: { leak_suspected: true }');
  const grow = (perMinute: number) => () => {
    growing.state.residentBytes += (perMinute * mib) / 60;
  };
  growing.pass(3500, grow(1));
  t.strictSame(growing.notices, [], 'not before an hour');
  growing.pass(700, grow(1));
  t.strictSame(growing.notices, ['a firing']);
  growing.pass(700);
  t.strictSame(growing.notices, firedAndOver, 'it has stopped growing');

  const warming = boardOf('when: { leak_suspected: true }');
  warming.pass(1800, () => {
    warming.state.residentBytes += mib / 60;
  });
  warming.pass(3600);
  t.strictSame(warming.notices, [], 'a process that warms up is none');
});

const redis = 'store: { redis: { url: redis://127.0.0.1:9, max_bytes: 500MB } }';

t.test('what is stored in Redis is watched unasked, and who hears of Redis hears of it', async (t) => {
  const hooks = '{ name: b, when: { redis_down: true }, webhook: "http://127.0.0.1:9/redis" }';
  const { board, state, pass, notices, sent } = boardOf(
    'when: { hit_rate_below: 0.5 }, webhook: "http://127.0.0.1:9/hits"',
    { more: `  - ${hooks}\n${redis}\n` },
  );
  state.redis = { redis: 'up', breaker: 'closed', bytes: 400e6 };
  pass(10);
  t.strictSame(notices, []);
  state.redis = { ...state.redis, bytes: 501e6 };
  pass(3);
  t.match(board.list(), {
    firing: [{ name: 'redis-over-max-bytes', condition: /^redis_bytes_above/, firing: true }],
    recent: [{ status: 'firing' }],
    configured: [{ name: 'a' }, { name: 'b' }, { name: 'redis-over-max-bytes' }],
  });
  state.redis = { ...state.redis, bytes: 100e6 };
  pass(3);
  t.strictSame(notices, ['redis-over-max-bytes firing', 'redis-over-max-bytes resolved']);
  t.strictSame(sent, ['http://127.0.0.1:9/redis', 'http://127.0.0.1:9/redis']);
});

t.test('without a webhook it is in log and list only; without Redis it is not there', async (t) => {
  const silent = boardOf('when: { redis_down: true }', { more: redis });
  silent.state.redis = { redis: 'up', breaker: 'closed', bytes: 501e6 };
  silent.pass(3);
  t.strictSame(silent.notices, ['redis-over-max-bytes firing']);
  t.strictSame(silent.sent, []);
  t.equal(boardOf('when: { redis_down: true }').board.states().length, 1);
});
