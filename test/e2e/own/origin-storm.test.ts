/**
 * An origin that answers every request with 503 or 429: it gets no more requests than clients send, and fewer where stale
 * copies are allowed.
 */
import type { ServerResponse } from 'node:http';
import t, { type Test } from 'tap';
import { eventually } from '../../helpers/eventually.ts';
import { cacheStatus, type Site, startSite } from '../../helpers/scripted-site.ts';
import { ShiftedClock } from '../../helpers/shifted-clock.ts';

const rules = `
ttl: { jitter: 0, min: 1s }
content_types:
  page: { ttl: 10s, scope: public, cache_control: override, stale_if_error: 10m }
  bare: { ttl: 10s, scope: public, cache_control: override, stale_if_error: 0s }
  swr: { ttl: 10s, scope: public, cache_control: override, stale_while_revalidate: 10m, stale_if_error: 0s }
routes:
  - { match: GET /p/*, type: page }
  - { match: GET /bare/*, type: bare }
  - { match: GET /swr/*, type: swr }
  - { match: GET /pass/*, type: pass }
unmatched: standard
`;

const refusing =
  (status: number, delayMs = 0) =>
  (_request: unknown, response: ServerResponse): void => {
    setTimeout(() => response.writeHead(status, { 'retry-after': '1' }).end('not now'), delayMs);
  };

async function start(t: Test): Promise<{ site: Site; clock: ShiftedClock }> {
  const clock = new ShiftedClock();
  const site = await startSite(rules, { clock, answer: (_request, response) => response.end('old') });
  t.teardown(() => site.close());
  return { site, clock };
}

const get = async (site: Site, path: string) => {
  const response = await fetch(site.url + path);
  return { path, status: response.status, fate: cacheStatus(response), text: await response.text() };
};

/** `clients` at once, each for the next of the paths in turn. */
const storm = (site: Site, clients: number, paths: readonly string[]) =>
  Promise.all(Array.from({ length: clients }, (_, index) => get(site, paths[index % paths.length] ?? '/')));

const many = (place: string): string[] => Array.from({ length: 30 }, (_, index) => `${place}/${index}`);

t.test('503 to all: the origin gets no more requests than clients sent, for many keys or one', async (t) => {
  const { site } = await start(t);
  site.answerWith(refusing(503, 10));
  for (const paths of [many('/bare'), ['/bare/one'], many('/std'), ['/std/one'], many('/pass')]) {
    site.seen.length = 0;
    const answers = await storm(site, 100, paths);
    t.ok(
      answers.every(({ status }) => status === 503),
      'everybody gets the answer of the origin',
    );
    t.ok(site.seen.length <= 100, `${site.seen.length} for 100`);
  }
});

t.test('every connection reset: the same, and 502', async (t) => {
  const { site } = await start(t);
  site.answerWith(({ socket }) => void setTimeout(() => socket.destroy(), 5));
  for (const paths of [many('/bare'), ['/bare/one'], many('/std'), many('/pass')]) {
    site.seen.length = 0;
    const answers = await storm(site, 100, paths);
    t.ok(answers.every(({ status }) => status === 502));
    t.ok(site.seen.length <= 100, `${site.seen.length} for 100`);
  }
});

t.test('stale copies are given where allowed, and the origin gets only probes', async (t) => {
  const { site, clock } = await start(t);
  const paths = many('/p');
  await storm(site, 30, paths);
  clock.advance(15);
  site.answerWith(refusing(503, 5));
  site.seen.length = 0;
  const first = await storm(site, 150, paths);
  t.ok(first.every(({ status, text }) => status === 200 && text === 'old'));
  t.ok(site.seen.length <= 33, `${site.seen.length}: one for each page before anything is known, and probes`);
  site.seen.length = 0;
  const startedMs = performance.now();
  let asked = 0;
  while (performance.now() - startedMs < 1500) {
    const answers = await storm(site, 60, paths);
    asked += answers.length;
    t.ok(answers.every(({ fate }) => /^hit; ttl=-\d+; detail=breaker-open$/.test(fate)));
  }
  t.ok(site.seen.length <= 3, `${site.seen.length} probes for ${asked} requests`);
  site.answerWith((_request, response) => response.end('new'));
  const tookMs = await eventually('fresh again', async () =>
    (await storm(site, 30, paths)).every(({ text }) => text === 'new'),
  );
  t.ok(tookMs < 6000, `${Math.round(tookMs)} ms`);
});

t.test('429 to a validation: the copy if stale_if_error allows it, else the 429', async (t) => {
  const { site, clock } = await start(t);
  for (const path of ['/p/1', '/bare/1']) await get(site, path);
  clock.advance(15);
  site.answerWith(refusing(429));
  for (let count = 0; count < 8; count += 1) {
    t.match(await get(site, '/p/1'), {
      status: 200,
      text: 'old',
      fate: /^fwd=stale; fwd-status=429; ttl=-\d+; detail=stale-if-error$/,
    });
  }
  const told = await fetch(`${site.url}/bare/1`);
  t.match([told.status, told.headers.get('retry-after')], [429, '1']);
  t.equal(
    site.proxy.services.origin.health.isClosed,
    true,
    'it is one client who asks too much: no breaker opens',
  );
  site.answerWith((_request, response) => response.end('new'));
  t.match(await get(site, '/p/1'), { status: 200, text: 'new' });
});

t.test('429 or 503 to a renewal in the background: the copy stays, and is renewed later', async (t) => {
  for (const status of [429, 503]) {
    const { site, clock } = await start(t);
    await get(site, '/swr/1');
    clock.advance(15);
    site.answerWith(refusing(status));
    for (let count = 1; count <= 3; count += 1) {
      t.match(await get(site, '/swr/1'), { status: 200, text: 'old', fate: /^hit; ttl=-\d+$/ });
      await eventually('asked', () => site.seen.length === 1 + count);
      await eventually('over', () => site.proxy.refresh.governor.stats().running === 0);
      clock.advance(2);
    }
    site.answerWith((_request, response) => response.end('new'));
    await eventually('renewed', async () => (await get(site, '/swr/1')).text === 'new');
  }
});
