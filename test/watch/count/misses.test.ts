/** The miss ledger: one cause for every read that was not a hit, in bounded memory. */
import t from 'tap';
import { Counters } from '../../../src/watch/count/counters.ts';
import { maskTarget } from '../../../src/watch/count/mask-target.ts';
import { countsAs, reasonOf } from '../../../src/watch/count/miss-reason.ts';
import { MissLedger } from '../../../src/watch/count/misses.ts';
import { get } from '../../../src/watch/count/tally.ts';
import { outcomeBut } from '../outcome-but.ts';
import type { Outcome } from '../../../src/proxy/exchange/outcome.ts';

const halfLifeMs = 3_600_000;

const cases: readonly (readonly [change: Partial<Outcome>, reason: string])[] = [
  [{ miss: 'cold' }, 'cold'],
  [{ miss: 'expired' }, 'expired'],
  [{ miss: 'purged', purgedBy: 'write' }, 'purged/write'],
  [{ miss: 'purged', purgedBy: 'api' }, 'purged/api'],
  [{ miss: 'purged', purgedBy: 'forgotten' }, 'purged/forgotten'],
  [{ miss: 'evicted' }, 'evicted'],
  [{ miss: 'vary' }, 'vary'],
  [{ miss: 'client-reload', notStored: 'request-no-store' }, 'client-reload'],
  [{ miss: 'cold', notStored: 'no-store' }, 'uncacheable/no-store'],
  [{ miss: 'cold', notStored: 'set-cookie' }, 'uncacheable/set-cookie'],
  [{ miss: 'cold', notStored: 'truncated' }, 'cold'],
  [{ miss: 'collapsed-failed' }, 'collapsed-failed'],
  [{ miss: undefined, pass: 'rule', kind: 'pass' }, 'pass/rule'],
  [
    { miss: undefined, pass: 'identity', doubt: 'duplicate-credential', kind: 'pass' },
    'identity/duplicate-credential',
  ],
  [{ miss: 'cold', kind: 'failed', failure: 'refused', notStored: 'truncated' }, 'cold'],
];

t.test('every read that was not a hit has one reason', async (t) => {
  for (const [change, reason] of cases) t.equal(reasonOf(outcomeBut(change)), reason, JSON.stringify(change));
  t.equal(countsAs({ kind: 'hit', method: 'GET' }), 'hit');
  t.equal(countsAs({ kind: 'failed', method: 'HEAD' }), 'miss');
  t.equal(countsAs({ kind: 'pass', method: 'POST' }), 'write');
});

t.test('causes sum to the misses, by type, by route and in all', async (t) => {
  const counters = new Counters();
  let misses = 0;
  for (let index = 0; index < 3000; index += 1) {
    const [change] = cases[(index * 7) % cases.length] ?? [{}];
    const method = index % 11 === 0 ? 'POST' : 'GET';
    const kind = index % 5 === 0 ? { kind: 'hit' as const, miss: undefined } : {};
    const outcome = outcomeBut({
      ...change,
      method,
      contentType: `type${index % 7}`,
      route: `/r${index % 3}`,
      ...kind,
    });
    if (countsAs(outcome) === 'miss') misses += 1;
    counters.onOutcome(outcome);
  }
  const report = counters.ledger.report(10);
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  t.equal(get(counters.total(), 'misses'), misses);
  t.equal(report.total, misses);
  t.equal(sum(Object.values(report.causes)), misses);
  t.equal(sum(report.reasons.map(({ count }) => count)), misses);
  t.equal(sum(report.types.map(({ total }) => total)), misses);
  t.equal(sum(report.routes.map(({ total }) => total)), misses);
  t.equal(sum(report.urls.map((url) => url.misses)), misses);
  t.equal(sum(report.urls.flatMap(({ reasons }) => reasons.map(({ count }) => count))), misses);
});

t.test(
  'URLs are ordered by misses × origin time, and a hundred thousand of them take no more memory than a few',
  async (t) => {
    const ledger = new MissLedger(halfLifeMs);
    for (let index = 0; index < 100_000; index += 1) {
      ledger.record(outcomeBut({ target: `/page/${index}`, originDuration: 0.01 as never }));
      if (index % 100 === 0) ledger.record(outcomeBut({ target: '/slow', originDuration: 2 as never }));
      if (index % 10 === 0) ledger.record(outcomeBut({ target: '/often', originDuration: 0.05 as never }));
    }
    const { urls } = ledger.report(5);
    t.match(urls.slice(0, 2), [
      { url: 'example.org/slow', misses: 1000 },
      { url: 'example.org/often', misses: 10_000 },
    ]);
    t.equal(urls.length, 6);
    t.match(urls[5], {
      url: '(other)',
      misses: 100_000 + 11_000 - urls.slice(0, 5).reduce((sum, { misses }) => sum + misses, 0),
    });
  },
);

t.test('types beyond the bound are counted together', async (t) => {
  const counters = new Counters();
  for (let index = 0; index < 1000; index += 1) counters.onOutcome(outcomeBut({ contentType: `t${index}` }));
  t.ok(counters.types.size <= 201);
  t.equal(get(counters.total(), 'misses'), 1000);
});

t.test('heavy URLs fade and make room', async (t) => {
  const ledger = new MissLedger(halfLifeMs);
  const first = () => ledger.report(1).urls[0];
  ledger.turnTo(0);
  ledger.record(outcomeBut({ target: '/old', originDuration: 100 as never }));
  ledger.turnTo(7 * halfLifeMs);
  ledger.record(outcomeBut({ target: '/new', originDuration: 5 as never }));
  t.match(first(), { url: 'example.org/new', misses: 1 });
  for (let index = 0; index < 5000; index += 1)
    ledger.record(outcomeBut({ target: `/${index}`, originDuration: 0.0001 as never }));
  t.ok(ledger.report(10_000).urls.length <= 1001);
  ledger.record(outcomeBut({ target: '/new', originDuration: 5 as never }));
  t.match(first(), { url: 'example.org/new', misses: 2 }, 'the heavy one is still known');
});

t.test('values of parameters with secret-looking names are not shown', async (t) => {
  t.equal(maskTarget('/a?page=2&token=abc&reset_key=x&q=a'), '/a?page=2&token=…&reset_key=…&q=a');
  t.equal(maskTarget('/a?%74oken=abc'), '/a?%74oken=…');
  t.equal(maskTarget('/monkey?keyboard=1&%zz=1'), '/monkey?keyboard=1&%zz=1');
  t.ok(maskTarget(`/${'a'.repeat(5000)}`).length < 310);
});
