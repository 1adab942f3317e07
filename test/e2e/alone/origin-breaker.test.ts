/** While the origin fails, requests with a stored response do not wait for it, and no other request is refused. */
import t, { type Test } from 'tap';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '../../helpers/eventually.ts';
import { cacheStatus, type Site, startSite } from '../../helpers/scripted-site.ts';
import { ShiftedClock } from '../../helpers/shifted-clock.ts';
import { stopwatch } from '../../helpers/stopwatch.ts';

// They wait more than they work.
t.jobs = 4;

const rules = `
ttl: { jitter: 0, min: 1s }
content_types:
  page: { ttl: 10s, scope: public, cache_control: override, stale_if_error: 10m }
  swr: { ttl: 10s, scope: public, cache_control: override, stale_while_revalidate: 10m }
  bare: { ttl: 10s, scope: public, cache_control: override, stale_if_error: 0s }
routes:
  - { match: GET /p/*, type: page }
  - { match: GET /swr/*, type: swr }
  - { match: GET /bare/*, type: bare }
unmatched: standard
`;

const saying =
  (text: string) =>
  (_request: IncomingMessage, response: ServerResponse): void => {
    response.end(text);
  };
const unavailable = (_request: IncomingMessage, response: ServerResponse): void => {
  response.writeHead(503).end('busy');
};
const drop = ({ socket }: IncomingMessage): void => void socket.destroy();

async function start(t: Test, more = ''): Promise<{ site: Site; clock: ShiftedClock }> {
  const clock = new ShiftedClock();
  const site = await startSite(more + rules, { clock, answer: saying('old') });
  t.teardown(() => site.close());
  return { site, clock };
}

const isOpen = ({ proxy }: Site): boolean => !proxy.services.origin.health.isClosed;

/** Asks for what nobody has until the breaker is open. */
async function open(site: Site, answer = unavailable): Promise<void> {
  site.answerWith(answer);
  for (let index = 0; !isOpen(site); index += 1) {
    await (await fetch(`${site.url}/bare/opening-${index}`)).text();
    if (index > 10) throw new Error('it does not open');
  }
  site.seen.length = 0;
}

const get = async (site: Site, path: string, headers: Record<string, string> = {}) => {
  const response = await fetch(site.url + path, { headers });
  return { status: response.status, fate: cacheStatus(response), text: await response.text() };
};

t.test(
  'stored copies are given at once, the origin gets only probes, and its return is noticed',
  async (t) => {
    const { site, clock } = await start(t);
    const paths = ['/p/1', '/p/2', '/p/3'];
    for (const path of paths) await get(site, path);
    clock.advance(11);
    await open(site);
    const startedMs = performance.now();
    let asked = 0;
    while (performance.now() - startedMs < 1200 || asked <= 50) {
      for (const path of paths) {
        const { status, fate, text } = await get(site, path);
        asked += 1;
        if (status !== 200 || text !== 'old' || !/^hit; ttl=-\d+; detail=breaker-open$/.test(fate))
          t.fail(`${status} ${fate}`);
      }
    }
    const passed = (performance.now() - startedMs) / 1000;
    t.ok(
      site.seen.length >= 1 && site.seen.length <= 1 + passed,
      `${site.seen.length} probes in ${passed} s`,
    );
    t.ok(site.outcomes.slice(-10).every(({ kind, miss }) => kind === 'hit' && miss === undefined));
    site.answerWith(saying('new'));
    const tookMs = await eventually('fresh', async () => (await get(site, '/p/1')).text === 'new');
    t.ok(tookMs < 5500, `${Math.round(tookMs)} ms`);
    await eventually('all are renewed', async () => {
      const answers = await Promise.all(paths.map((path) => get(site, path)));
      return answers.every(({ text }) => text === 'new');
    });
    t.match((await get(site, '/p/2')).fate, /^hit; ttl=\d+$/);
  },
);

t.test('a request without a copy is never refused, and the first answer closes the breaker', async (t) => {
  const { site } = await start(t);
  await open(site, drop);
  for (const index of [1, 2, 3]) t.equal((await get(site, `/bare/${index}`)).status, 502);
  t.equal(site.seen.length, 3, 'each was asked for, and once');
  t.ok(isOpen(site));
  site.answerWith(saying('back'));
  t.match(await get(site, '/bare/4'), { status: 200, text: 'back', fate: 'fwd=uri-miss; stored' });
  t.notOk(isOpen(site));
});

t.test('an origin that is gone, and comes back at the same place', async (t) => {
  const { site, clock } = await start(t);
  await get(site, '/p/1');
  clock.advance(11);
  const { port } = site.origin.address() as AddressInfo;
  site.origin.closeAllConnections();
  await new Promise((resolve) => site.origin.close(resolve));
  const fates: string[] = [];
  for (let index = 0; index < 8; index += 1) fates.push((await get(site, '/p/1')).fate);
  t.strictSame(
    fates.map((fate) => fate.replace(/-\d+/, '')),
    [
      ...Array.from({ length: 5 }, () => 'fwd=stale; ttl=; detail=stale-if-error'),
      ...Array.from({ length: 3 }, () => 'hit; ttl=; detail=breaker-open'),
    ],
  );
  site.answerWith(saying('new'));
  await new Promise<void>((resolve) => site.origin.listen(port, '127.0.0.1', resolve));
  const tookMs = await eventually('fresh', async () => (await get(site, '/p/1')).text === 'new');
  t.ok(tookMs < 5500, `${Math.round(tookMs)} ms`);
});

t.test('a hanging probe delays neither the next probe nor requests for its page', async (t) => {
  const { site, clock } = await start(t);
  await get(site, '/p/1');
  clock.advance(11);
  await open(site);
  site.answerWith(() => undefined);
  await eventually('probed', async () => (await get(site, '/p/1')).status === 200 && site.seen.length > 0);
  site.answerWith(saying('new'));
  let longestMs = 0;
  const tookMs = await eventually('fresh', async () => {
    const waitedMs = stopwatch();
    const { text } = await get(site, '/p/1');
    longestMs = Math.max(longestMs, waitedMs());
    return text === 'new';
  });
  t.ok(tookMs < 6500, `${Math.round(tookMs)} ms`);
  t.ok(longestMs < 3000, `the longest wait was ${Math.round(longestMs)} ms`);
});

t.test('a request that waits for a slow probe gets its answer', async (t) => {
  const { site } = await start(t);
  await get(site, '/p/1');
  await open(site);
  const everything = { tags: [], prefixes: [], everything: true, soft: false, cause: 'api' } as const;
  await site.proxy.services.purgeLog.append(everything);
  site.answerWith((_request, response) => void setTimeout(() => response.end('late'), 2500));
  const warmed = site.proxy.refresh.warm({ urls: ['/p/1'], popular: 0 });
  await eventually('probed', () => site.seen.length > 0);
  const answers = await Promise.all([1, 2, 3].map(() => get(site, '/p/1')));
  for (const answer of answers) {
    t.match(answer, { status: 200, text: 'late', fate: 'fwd=uri-miss; collapsed' });
  }
  t.equal(site.seen.length, 1);
  await warmed;
});

t.test('a page that always fails does not take all probes', async (t) => {
  const { site, clock } = await start(t);
  for (let index = 0; index < 30; index += 1) await get(site, '/p/broken');
  await get(site, '/p/whole');
  clock.advance(11);
  await open(site);
  site.answerWith((request, response) => {
    if (request.url === '/p/whole') response.end('new');
    else unavailable(request, response);
  });
  await get(site, '/p/whole');
  const broken = Array.from({ length: 20 }, () => get(site, '/p/broken'));
  t.ok((await Promise.all(broken)).every(({ status }) => status === 200));
  await eventually('fresh', async () => {
    await get(site, '/p/broken');
    return (await get(site, '/p/whole')).text === 'new';
  });
});

t.test('one failing page among good ones, and pages that answer 500, never open the breaker', async (t) => {
  const { site } = await start(t);
  site.answerWith((request, response) => {
    if (request.url?.startsWith('/bare/bad') === true) unavailable(request, response);
    else if (request.url?.startsWith('/bare/bug') === true) response.writeHead(500).end();
    else response.end('good');
  });
  for (let index = 0; index < 12; index += 1) {
    t.equal((await get(site, '/bare/bad')).status, 503);
    if (index % 4 === 3) t.equal((await get(site, `/bare/good-${index}`)).status, 200);
  }
  for (let index = 0; index < 12; index += 1) t.equal((await get(site, '/bare/bug')).status, 500);
  t.notOk(isOpen(site));
});

t.test('background work is delayed, not lost: a warm-up finishes when the origin is back', async (t) => {
  const { site, clock } = await start(t);
  await get(site, '/swr/1');
  clock.advance(11);
  await open(site);
  const urls = Array.from({ length: 20 }, (_, index) => `/p/w${index}`);
  const warmed = site.proxy.refresh.warm({ urls, popular: 0 });
  const startedMs = performance.now();
  while (performance.now() - startedMs < 1000) {
    t.match(await get(site, '/swr/1'), { status: 200, fate: /^hit; ttl=-\d+$/ });
  }
  const passed = (performance.now() - startedMs) / 1000;
  t.ok(site.seen.length <= 1 + passed, `${site.seen.length} fetches in ${passed} s`);
  site.answerWith(saying('new'));
  const summary = await warmed;
  t.match(summary, { asked: 20 });
  if (summary !== 'busy') {
    t.ok(summary.warmed >= 18 && summary.failed <= 2, JSON.stringify(summary));
    t.ok(summary.took < 15);
  }
  await eventually('renewed', async () => (await get(site, '/swr/1')).text === 'new');
});
