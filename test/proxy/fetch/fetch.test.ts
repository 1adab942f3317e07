import t from 'tap';
import { after, seconds } from '../../../src/kit/time.ts';
import { fetchForClient, fetchInBackground, type Miss, renew } from '../../../src/proxy/fetch/fetch.ts';
import type { Entry } from '../../../src/store/store.ts';
import { tagsOf } from '../../store/entry.ts';
import { purgeOf } from '../../store/instance.ts';
import { exchangeBut, type TestExchange } from '../exchange-but.ts';

const rules = 'unmatched: standard';
const cold: Miss = { cause: 'cold', purgedBy: undefined, stored: undefined, mayJoin: true };

/** A client that waits for another's fetch. */
function waiting(test: TestExchange, miss = cold) {
  const { services, plan } = test.exchange;
  const flight = services.flights.start(plan.key, { asOf: services.purgeLog.position() });
  if (flight === undefined) throw new Error('there is no room for a flight');
  return { flight, over: fetchForClient(test.exchange, miss) };
}

/** As the origin's breaker is after so many failures. */
function openBreaker({ exchange }: TestExchange): void {
  for (let count = 0; count < 5; count += 1)
    exchange.services.origin.health.heard(
      { kind: 'failed', reason: 'refused' },
      { startedMs: 0, nowMs: exchange.startedMs, probe: undefined },
    );
}

const staleBut = ({ storedBut, exchange }: TestExchange, windows: Partial<Entry['policy']>): Entry => {
  const { policy } = storedBut();
  return storedBut({
    policy: { ...policy, lifetime: seconds(0), initialAge: seconds(1), ...windows },
    requestTime: exchange.now,
  });
};

t.test('who waits gets what another’s fetch brought', async (t) => {
  const test = exchangeBut(rules);
  const { flight, over } = waiting(test);
  const entry = test.storedBut();
  flight.end({ kind: 'done', result: entry });
  await over;
  t.match(test.written, { status: 200, body: '<p>page</p>', end: 'ended' });
  t.match(test.outcomes, [
    { kind: 'forward', miss: 'cold', cacheStatus: { fwd: 'uri-miss', collapsed: true } },
  ]);
});

t.test('an origin that is away is so for all; what stands in is given to each', async (t) => {
  const failure = { reason: 'refused', sent: false } as const;
  const test = exchangeBut(rules);
  const { flight, over } = waiting(test);
  flight.end({ kind: 'failed', failure });
  await over;
  t.equal(test.written.status, 502);
  t.match(test.outcomes, [{ kind: 'failed', failure: 'refused', cacheStatus: { collapsed: true } }]);
  const other = exchangeBut(rules);
  const stored = staleBut(other, { staleIfDisconnected: seconds(60) });
  const waits = waiting(other, { ...cold, cause: 'expired', stored });
  waits.flight.end({ kind: 'failed', failure });
  await waits.over;
  t.equal(other.written.status, 200);
  t.match(other.outcomes, [{ kind: 'forward', cacheStatus: { fwd: 'stale', detail: 'disconnected' } }]);
});

t.test('while the breaker is open a stand-in is given at once, and nothing is asked', async (t) => {
  const test = exchangeBut(rules);
  openBreaker(test);
  const stored = staleBut(test, { staleIfDisconnected: seconds(60) });
  await fetchForClient(test.exchange, { ...cold, cause: 'expired', stored });
  t.equal(test.written.body, '<p>page</p>');
  t.match(test.outcomes, [{ kind: 'hit', cacheStatus: { detail: 'breaker-open' } }]);
  t.equal(test.exchange.services.flights.get(test.exchange.plan.key), undefined);
});

t.test('nobody joins a fetch from before a purge, or one whose answer is for its own client', async (t) => {
  const asked = (test: TestExchange, miss = cold) => {
    // Whoever does not wait asks the origin; here there is none.
    const { over } = waiting(test, miss);
    return over.then(
      () => 'answered',
      (error: unknown) => String(error),
    );
  };
  t.match(await asked(exchangeBut(rules), { ...cold, mayJoin: false }), 'must not reach the network');
  const purged = exchangeBut(rules);
  const { services, plan } = purged.exchange;
  const flight = services.flights.start(plan.key, { asOf: services.purgeLog.position() });
  await services.purgeLog.append({ ...purgeOf(tagsOf()), everything: true });
  await t.rejects(fetchForClient(purged.exchange, cold), /must not reach the network/);
  t.equal(flight?.waiters, 0);
  const own = exchangeBut(rules);
  own.exchange.services.uncacheable.set(own.exchange.plan.key, after(own.exchange.now, seconds(30)));
  t.match(await asked(own), 'must not reach the network');
});

t.test(
  'in the background nothing is fetched twice, nor what is for nobody, nor while the breaker is open',
  async (t) => {
    const { exchange } = exchangeBut(rules);
    const { services, plan } = exchange;
    const flight = services.flights.start(plan.key, { asOf: services.purgeLog.position() });
    t.equal(fetchInBackground(exchange, undefined), undefined);
    flight?.end({ kind: 'give-up' });
    services.uncacheable.set(plan.key, after(exchange.now, seconds(30)));
    t.equal(fetchInBackground(exchange, undefined), undefined);
    services.uncacheable.delete(plan.key);
    openBreaker({ exchange } as TestExchange);
    t.equal(fetchInBackground(exchange, undefined), undefined);
    t.equal(services.flights.get(plan.key), undefined, 'nobody waits for what was held back');
  },
);

t.test('a stale hit is renewed by whoever sees to background work', async (t) => {
  const stale: Entry[] = [];
  const ignore = () => undefined;
  const background = { onAsked: ignore, onFreshHit: ignore, onStored: ignore };
  const { exchange, storedBut } = exchangeBut(
    rules,
    {},
    {
      background: { ...background, onStaleHit: (_exchange, entry) => void stale.push(entry) },
    },
  );
  const entry = storedBut();
  t.equal(renew(exchange, entry), undefined);
  t.strictSame(stale, [entry]);
});
