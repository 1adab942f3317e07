import t from 'tap';
import { effectiveDirectives } from '../../src/http/cache-control.ts';
import {
  correctedInitialAge,
  currentAge,
  dateOrReceipt,
  freshnessLifetime,
  isExplicit,
  longestHeuristic,
  parseAge,
  withDate,
} from '../../src/http/freshness.ts';
import { formatHttpDate } from '../../src/http/http-date.ts';
import { after, epochMs, seconds } from '../../src/kit/time.ts';

const now = epochMs(Date.UTC(2026, 0, 1));
const inSeconds = (offset: number): string => formatHttpDate(after(now, seconds(offset)));
const freshness = (fields: string[], status = 200) =>
  freshnessLifetime({ status, fields }, { directives: effectiveDirectives(fields), responseTime: now });

t.test('§4.2.1: where the lifetime comes from', async (t) => {
  const expires = ['Expires', inSeconds(70)];
  t.same(freshness(['CDN-Cache-Control', 'max-age=1', 'Cache-Control', 'max-age=2']), {
    lifetime: 1,
    source: 'targeted',
  });
  t.same(freshness(['Cache-Control', 'max-age=2, s-maxage=3', ...expires]), {
    lifetime: 3,
    source: 's-maxage',
  });
  t.same(freshness(['Cache-Control', 'max-age=2', ...expires]), { lifetime: 2, source: 'max-age' });
  t.same(freshness(expires), { lifetime: 70, source: 'expires' });
  t.same(freshness([...expires, 'Date', inSeconds(-10)]), { lifetime: 80, source: 'expires' });
  t.same(freshness(['Last-Modified', inSeconds(-1000)]), { lifetime: 100, source: 'heuristic' });
  t.same(freshness(['Last-Modified', inSeconds(-1e9)]), { lifetime: longestHeuristic, source: 'heuristic' });
  t.same(freshness(['Last-Modified', inSeconds(-1000)], 302), { lifetime: 0, source: 'none' });
  t.same(freshness([]), { lifetime: 0, source: 'none' });
});

t.test('all sources but the heuristic are explicit', async (t) => {
  t.ok(isExplicit(freshness(['Expires', '0'])));
  t.notOk(isExplicit(freshness(['Last-Modified', inSeconds(-1000)])));
  t.notOk(isExplicit(freshness([])));
});

t.test('§4.2.3: corrected_initial_age', async (t) => {
  const exchange = { requestTime: epochMs(now - 3000), responseTime: now };
  t.equal(correctedInitialAge([], exchange), 3);
  t.equal(correctedInitialAge(['Age', '10'], exchange), 13);
  t.equal(correctedInitialAge(['Age', '10', 'Date', inSeconds(-20)], exchange), 20);
  t.equal(correctedInitialAge(['Date', inSeconds(20)], exchange), 3);
  t.equal(
    correctedInitialAge([], { requestTime: epochMs(now + 5000), responseTime: now }),
    0,
    'a clock that jumped back',
  );
});

t.test('§4.2.3: current_age never falls below the initial one', async (t) => {
  const stored = { initialAge: seconds(5), responseTime: now };
  t.equal(currentAge(stored, epochMs(now + 1500)), 6.5);
  t.equal(currentAge(stored, epochMs(now - 60_000)), 5);
});

t.test('§5.1: Age', async (t) => {
  t.equal(parseAge(['Age', ' 7 ; x=y, 3']), 7);
  t.equal(parseAge(['Age', '']), undefined);
  t.equal(parseAge(['Age', 'x', 'Age', '7']), undefined);
});

t.test('§6.6.1: a missing or malformed Date is the time of receipt', async (t) => {
  t.equal(dateOrReceipt([], now), now);
  t.equal(dateOrReceipt(['Date', '0'], now), now);
  t.equal(dateOrReceipt(['Date', inSeconds(-3)], now), now - 3000);
});

t.test('§6.6.1: a response without Date gets the time of receipt', async (t) => {
  t.same(withDate(['A', '1'], now), ['A', '1', 'Date', inSeconds(0)]);
  t.same(withDate(['date', 'x'], now), ['date', 'x']);
});
