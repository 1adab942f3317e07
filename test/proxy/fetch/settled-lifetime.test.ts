import t from 'tap';
import { seconds } from '../../../src/kit/time.ts';
import { settledEntry } from '../../../src/proxy/fetch/settled-lifetime.ts';
import { LocalPurgeLog, type Purge } from '../../../src/store/purge-log.ts';
import { toTag } from '../../../src/policy/rules/tags.ts';
import { TestClock } from '../../helpers/test-clock.ts';
import { entryBut } from '../../store/entry.ts';

const purge = (change: Partial<Purge> = {}): Purge => ({
  tags: [toTag('list:7')],
  prefixes: [],
  everything: false,
  soft: false,
  cause: 'write',
  ...change,
});

/** The lifetime of an entry of `list:7` asked for so long after a purge. */
async function lifetimeAfter(wait: number, change: Partial<Purge> = {}, settle: number | null = 20) {
  const clock = new TestClock('2026-03-01T18:00:00Z');
  const log = new LocalPurgeLog('log', 0, { clock });
  clock.advance(100);
  await log.append(purge(change));
  clock.advance(wait);
  const now = clock.now();
  const base = entryBut({
    tags: [toTag('list:7')],
    asOf: log.position(),
    requestTime: now,
    responseTime: now,
  });
  const policy = {
    ...base.policy,
    lifetime: seconds(300),
    initialAge: seconds(2),
    staleWhileRevalidate: seconds(60),
  };
  const purgeLog = log;
  const made = settledEntry(
    { ...base, policy },
    { settle: settle === null ? undefined : seconds(settle), purgeLog },
  );
  return [made.policy.lifetime, made.policy.staleWhileRevalidate, made.basis.settle];
}

const whole = [300, 60, undefined];
const short = [22, 0, 20];

t.test('an answer asked for within the time after a purge that named it lives at most so long', async (t) => {
  t.same(await lifetimeAfter(0), short);
  t.same(await lifetimeAfter(19), short);
  t.same(await lifetimeAfter(21), whole);
  t.same(await lifetimeAfter(5, { soft: true }), short);
  t.same(await lifetimeAfter(5, { tags: [], everything: true }), short);
  t.same(await lifetimeAfter(5, { tags: [toTag('other')] }), whole, 'another purge does not name it');
  t.same(await lifetimeAfter(5, { cause: 'reload' }), whole, 'a reload changes rules only');
  t.same(await lifetimeAfter(5, {}, null), whole);
  t.same(await lifetimeAfter(5, {}, 600), [300, 60, 600], 'a lifetime that is shorter stays');
});
