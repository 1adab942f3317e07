import t from 'tap';
import {
  effectiveDirectives,
  noRequestDirectives,
  parseRequestDirectives,
} from '../../src/http/cache-control.ts';
import {
  longestDisconnection,
  mayServeOnError,
  reuse,
  storedPolicy,
  validateClauses,
  type StoredPolicyInput,
} from '../../src/http/reuse.ts';
import { after, epochMs, seconds } from '../../src/kit/time.ts';

const born = epochMs(Date.UTC(2026, 0, 1));
const policy = (cacheControl: string, more: Partial<StoredPolicyInput> = {}) => {
  const fields = more.fields ?? ['Cache-Control', cacheControl];
  const directives = effectiveDirectives(fields);
  const lifetime = directives.sMaxage ?? directives.maxAge ?? seconds(0);
  return storedPolicy({ fields, directives, lifetime, requestTime: born, responseTime: born, ...more });
};
const request = (value: string) => parseRequestDirectives(['Cache-Control', value]);
const later = (age: number) => after(born, seconds(age));

t.test('§4.2: fresh, then stale', async (t) => {
  const stored = policy('max-age=10');
  t.same(reuse(stored, noRequestDirectives, born), { kind: 'fresh', age: 0, ttl: 10 });
  t.same(reuse(stored, noRequestDirectives, later(9.5)), { kind: 'fresh', age: 9.5, ttl: 0.5 });
  t.same(reuse(stored, noRequestDirectives, later(10)), {
    kind: 'validate',
    age: 10,
    ttl: 0,
    reason: 'stale',
  });
  t.same(reuse(stored, noRequestDirectives, epochMs(born - 5000)), { kind: 'fresh', age: 0, ttl: 10 });
});

t.test('each reason for validation', async (t) => {
  const stored = policy('max-age=10');
  const reasons = [
    [policy('no-cache, max-age=10'), '', 'no-cache'],
    [stored, 'no-cache', 'request-no-cache'],
    [stored, 'max-age=1', 'request-max-age'],
    [stored, 'min-fresh=9', 'request-min-fresh'],
    [policy('max-age=1'), '', 'stale'],
  ] as const;
  for (const [given, value, reason] of reasons) {
    t.hasStrict(reuse(given, request(value), later(2)), { kind: 'validate', reason });
    t.match(validateClauses[reason], /^RFC 9111 §\d/);
    t.hasStrict(reuse(given, request(`${value}, only-if-cached`), later(2)), {
      kind: 'must-not-forward',
      reason,
    });
  }
});

t.test('each reason for stale use', async (t) => {
  t.hasStrict(reuse(policy('max-age=1, stale-while-revalidate=5'), noRequestDirectives, later(2)), {
    kind: 'stale',
    ttl: -1,
    why: 'stale-while-revalidate',
  });
  t.hasStrict(reuse(policy('max-age=1'), request('max-stale=1'), later(2)), {
    kind: 'stale',
    why: 'max-stale',
  });
  t.hasStrict(
    reuse(policy('max-age=1, stale-while-revalidate=5'), request('max-age=1, max-stale=3'), later(2)),
    {
      kind: 'stale',
      why: 'stale-while-revalidate',
    },
  );
  t.hasStrict(reuse(policy('max-age=1, stale-while-revalidate=0'), noRequestDirectives, later(1)), {
    kind: 'validate',
  });
});

t.test('a lifetime by rule is measured from receipt', async (t) => {
  const stored = policy('', { ttl: seconds(30), fields: ['Age', '100'] });
  t.hasStrict(stored, { initialAge: 100, lifetime: 130 });
  t.hasStrict(reuse(stored, noRequestDirectives, later(29)), { kind: 'fresh', age: 129, ttl: 1 });
  t.hasStrict(reuse(stored, noRequestDirectives, later(30)), { kind: 'validate' });
});

t.test('with windows of both the rule and the origin, the shorter applies', async (t) => {
  const windows = { staleWhileRevalidate: seconds(10), staleIfError: seconds(20) };
  t.hasStrict(policy('max-age=1', windows), { ...windows, staleIfDisconnected: 20 });
  t.hasStrict(policy('max-age=1, stale-while-revalidate=3, stale-if-error=4', windows), {
    staleWhileRevalidate: 3,
    staleIfError: 4,
    staleIfDisconnected: 4,
  });
  t.hasStrict(policy('max-age=1, stale-while-revalidate=30', windows), { staleWhileRevalidate: 10 });
  for (const directive of ['must-revalidate', 'proxy-revalidate', 's-maxage=1', 'no-cache']) {
    t.hasStrict(policy(`max-age=1, ${directive}`, windows), {
      staleWhileRevalidate: 0,
      staleIfError: 0,
      staleIfDisconnected: 0,
    });
  }
});

t.test('§4.2.4: how long a stale response stands in for an unreachable origin', async (t) => {
  t.hasStrict(policy('max-age=1'), { staleIfDisconnected: longestDisconnection });
  t.hasStrict(policy('max-age=1', { ttl: seconds(5) }), { staleIfDisconnected: 0 });
});

t.test('mayServeOnError: what, and why', async (t) => {
  const serve = (cacheControl: string, value: string, trouble: 'disconnected' | 'error', at = 2) =>
    mayServeOnError(policy(cacheControl), request(value), { now: later(at), trouble });
  t.same(serve('max-age=5', '', 'error'), { kind: 'serve', age: 2, ttl: 3, why: 'fresh' });
  t.hasStrict(serve('max-age=1, stale-if-error=1', '', 'error'), { why: 'stale-if-error' });
  t.hasStrict(serve('max-age=1, stale-if-error=1', '', 'error', 3), { kind: 'fail' });
  t.hasStrict(serve('max-age=1', '', 'error'), { kind: 'fail' });
  t.hasStrict(serve('max-age=1', 'stale-if-error=1', 'error'), { why: 'stale-if-error' });
  t.hasStrict(serve('max-age=1', '', 'disconnected'), { why: 'disconnected' });
  t.hasStrict(serve('max-age=1, must-revalidate', 'stale-if-error=9', 'disconnected'), { kind: 'fail' });
  t.hasStrict(serve('max-age=5, no-cache', '', 'disconnected'), { kind: 'fail' });
  t.hasStrict(serve('max-age=5', 'no-cache', 'disconnected'), { kind: 'fail' });
  t.hasStrict(serve('max-age=5', 'max-age=1', 'disconnected'), { kind: 'fail' });
  t.hasStrict(serve('max-age=5', 'min-fresh=4', 'disconnected'), { kind: 'fail' });
});
