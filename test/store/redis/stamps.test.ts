/** store/redis/stamps.ts: the age of an entry from Redis, whatever the wall clocks say (issue 13.7). */
import t from 'tap';
import { noRequestDirectives } from '../../../src/http/cache-control.ts';
import { reuse } from '../../../src/http/reuse.ts';
import {
  type Clock,
  type EpochMs,
  epochMs,
  seconds,
  SteadyClock,
  systemClock,
} from '../../../src/kit/time.ts';
import { stamped, unstamped } from '../../../src/store/redis/stamps.ts';
import { redisServer } from '../../helpers/redis-server.ts';
import { keyOf } from '../entry.ts';
import { filledBut, openInstance } from '../instance.ts';

const hour = 3_600_000;
const at = epochMs(1_800_000_000_000);
const entry = filledBut({ requestTime: at, responseTime: at }, 'page');
const page = {
  ...entry,
  policy: { ...entry.policy, responseTime: at, lifetime: seconds(60), initialAge: seconds(0) },
};
const after = (ms: number): EpochMs => epochMs(at + ms);

t.test('own entries come back with their own times, even if the wall clock was set meanwhile', (t) => {
  const stamp = { by: 'me', aheadMs: 5 };
  const written = stamped(page, stamp);
  t.equal(written.responseTime, at - 5, 'in Redis by the wall clock');
  for (const aheadMs of [0, 5, hour]) {
    const timing = { stamp, reader: { by: 'me', aheadMs }, now: after(1) };
    t.strictSame(unstamped(written, timing), page);
  }
  t.end();
});

t.test('the times of others’ entries are used as they are, by this process’s clock', (t) => {
  const timing = {
    stamp: { by: 'other', aheadMs: hour },
    reader: { by: 'me', aheadMs: 7 },
    now: after(9000),
  };
  t.equal(unstamped(page, timing).policy.responseTime, at + 7);
  t.equal(unstamped(page, { ...timing, stamp: undefined }).responseTime, at + 7, 'also of older versions');
  t.end();
});

t.test('a time in the future makes an entry stale, except for a second of clock skew', (t) => {
  const read = (aheadOfUsMs: number) =>
    unstamped(page, { stamp: undefined, reader: { by: 'me', aheadMs: 0 }, now: after(-aheadOfUsMs) });
  t.equal(read(900).responseTime, at - 900, 'as if it came just now');
  const future = read(hour);
  for (const maxStale of [undefined, seconds(1e9)]) {
    const directives = { ...noRequestDirectives, ...(maxStale && { maxStale }) };
    t.equal(reuse(future.policy, directives, after(-hour)).kind, 'validate');
  }
  t.ok(future.requestTime < at - hour, 'it takes the place of nothing');
  t.end();
});

t.test('through Redis, after this machine was set back an hour', async (t) => {
  const redis = await redisServer(t);
  let setMs = 0;
  const source: Clock = {
    now: () => epochMs(systemClock.now() + setMs),
    monotonicMs: () => performance.now(),
  };
  const clock = new SteadyClock(source);
  const one = await openInstance(t, { url: redis.url, clock });
  const responseTime = clock.now();
  const { policy } = entry;
  one.fill('page', { requestTime: responseTime, responseTime, policy: { ...policy, responseTime } });
  await one.store.settled();
  setMs = -hour;
  const [own] = await one.entries.get(keyOf('page'));
  t.equal(own?.policy.responseTime, responseTime);
  const late = await openInstance(t, { url: redis.url, clock: new SteadyClock(source) });
  const [other] = await late.entries.get(keyOf('page'));
  t.ok(other);
  if (other) t.equal(reuse(other.policy, noRequestDirectives, epochMs(source.now())).kind, 'validate');
});
