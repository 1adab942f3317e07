/** store/fallback.ts: no use of any kind beyond the given instant. */
import t from 'tap';
import fc from 'fast-check';
import { noRequestDirectives } from '../../../src/http/cache-control.ts';
import { mayServeOnError, reuse } from '../../../src/http/reuse.ts';
import { type EpochMs, epochMs, seconds } from '../../../src/kit/time.ts';
import { cappedEntry, Fallback } from '../../../src/store/redis/fallback.ts';
import { entryBut, storedAt } from '../entry.ts';

const at = (afterSeconds: number): EpochMs => epochMs(storedAt + afterSeconds * 1000);
const window = fc.nat({ max: 5000 }).map(seconds);
const anyEntry = fc
  .record({
    lifetime: window,
    initialAge: window,
    staleWhileRevalidate: window,
    staleIfError: window,
    staleIfDisconnected: window,
  })
  .map((change) => entryBut({ policy: { ...entryBut().policy, ...change } }));

const isUsed = (entry: ReturnType<typeof entryBut>, now: EpochMs) => {
  const { kind } = reuse(entry.policy, noRequestDirectives, now);
  const troubles = ['error', 'disconnected'] as const;
  const standsIn = troubles.some(
    (trouble) => mayServeOnError(entry.policy, noRequestDirectives, { now, trouble }).kind === 'serve',
  );
  return kind === 'fresh' || kind === 'stale' || standsIn;
};

t.test('a capped entry can be used as before until the instant, and not after it', async (t) => {
  fc.assert(
    fc.property(anyEntry, fc.nat({ max: 5000 }), fc.nat({ max: 9000 }), (entry, until, now) => {
      const capped = cappedEntry(entry, at(until));
      if (now > until && isUsed(capped, at(now))) throw new Error('used after the instant');
      if (now < until && isUsed(entry, at(now)) !== isUsed(capped, at(now)))
        throw new Error('changed before it');
    }),
    { numRuns: 500 },
  );
  t.pass();
});

t.test('the time counts from the silence for older entries, and from receipt for newer ones', async (t) => {
  const fallback = new Fallback(at(100), seconds(60));
  const entry = entryBut();
  const later = entryBut({ policy: { ...entry.policy, responseTime: at(130) } });
  const [first, second] = fallback.cap([entry, later]);
  t.equal(first?.policy.lifetime, 160);
  t.equal(second?.policy.lifetime, 60);
  t.equal(fallback.cap([entry])[0], first, 'made once');
});
