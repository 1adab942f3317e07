/** Stale answers are counted whatever their reason, as the client got them, when the client got them. */
import t from 'tap';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { seconds } from '../../src/kit/time.ts';
import { Counters } from '../../src/watch/count/counters.ts';
import { bucketsOf, get } from '../../src/watch/count/tally.ts';
import { startSite } from '../helpers/scripted-site.ts';
import { TestClock } from '../helpers/test-clock.ts';
import { outcomeBut } from './outcome-but.ts';

const rules = `
content_types:
  page: { ttl: 60s, scope: public, cache_control: override, stale_if_error: 10m }
  slow: { ttl: 60s, scope: public, cache_control: override, stale_if_error: 10m, stale_after: 50ms }
  feed: { ttl: 60s, scope: public, cache_control: override, stale_while_revalidate: 10m }
ttl: { jitter: 0 }
routes:
  - { match: GET /page/:id, type: page }
  - { match: GET /slow, type: slow }
  - { match: GET /feed, type: feed }
`;

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
const fine: Answer = (_request, response) => {
  response.end('fine');
};

t.test('each way to give a stale response is in the histogram, and counted once', async (t) => {
  const clock = new TestClock();
  const site = await startSite(rules, { clock, answer: fine });
  t.teardown(() => site.close());
  const ask = async (path: string): Promise<string> => {
    const response = await fetch(site.url + path);
    await response.arrayBuffer();
    return response.headers.get('cache-status')?.replace('shelflife; ', '') ?? '';
  };
  for (const path of ['/page/error', '/page/gone', '/slow', '/feed']) await ask(path);
  clock.advance(100);
  const counters = new Counters();
  const started = site.outcomes.length;
  const told = async (path: string, answer: Answer) => {
    const count = site.outcomes.length;
    site.answerWith(answer);
    const status = await ask(path);
    return { status, outcomes: site.outcomes.slice(count) };
  };

  const swr = await told('/feed', fine);
  t.match(swr.outcomes, [{ kind: 'hit', cacheStatus: { ttl: -40 } }]);

  const error = await told('/page/error', (_request, response) => {
    response.writeHead(503).end();
  });
  t.match(error.status, /^fwd=stale; fwd-status=503; ttl=-40; detail=stale-if-error/);
  t.match(error.outcomes, [
    { kind: 'forward', status: 200, miss: 'expired', cacheStatus: { ttl: -40, detail: 'stale-if-error' } },
  ]);

  const gone = await told('/page/gone', (request) => {
    request.destroy();
  });
  t.match(gone.status, /^fwd=stale; ttl=-40; detail=stale-if-error/);
  t.match(gone.outcomes, [
    { kind: 'forward', status: 200, failure: 'reset', cacheStatus: { ttl: -40, detail: 'stale-if-error' } },
  ]);

  let release = (): void => undefined;
  const slow = await told('/slow', (_request, response) => {
    release = () => response.writeHead(500).end();
  });
  t.match(slow.status, /^fwd=stale; ttl=-40; detail=stale-after/);
  t.match(
    slow.outcomes,
    [{ kind: 'forward', status: 200, cacheStatus: { ttl: -40, detail: 'stale-after' } }],
    'it is told while the origin is still silent',
  );
  const count = site.outcomes.length;
  const joined = await ask('/slow');
  t.match(joined, /ttl=-40; collapsed; detail=stale-after/);
  release();
  site.answerWith(fine);
  await ask('/page/new');
  t.equal(site.outcomes.length - count, 2, 'what became of the fetch is not told as another request');

  for (const outcome of site.outcomes.slice(started)) counters.onOutcome(outcome);
  const total = counters.total();
  t.equal(get(total, 'staleHits'), 1);
  t.equal(get(total, 'standIns'), 4);
  t.equal(get(total, 'staleSeconds'), 5 * 40);
  t.equal(
    bucketsOf(total, 'staleness').reduce((sum, bucket) => sum + bucket, 0),
    5,
  );
  t.equal(get(total, 'hits') + get(total, 'misses'), 6);
});

t.test('a fresh response, or one from the origin, does not count as stale', async (t) => {
  const counters = new Counters();
  counters.onOutcome(outcomeBut({ kind: 'hit', cacheStatus: { kind: 'hit', ttl: seconds(1) } }));
  counters.onOutcome(outcomeBut({ cacheStatus: { kind: 'forward', fwd: 'stale', stored: true } }));
  counters.onOutcome(outcomeBut({ cacheStatus: { kind: 'forward', fwd: 'stale', ttl: seconds(0) } }));
  t.equal(get(counters.total(), 'staleHits') + get(counters.total(), 'standIns'), 0);
});
