/** Only responses that may stand in for a failure are given while the breaker is open. */
import { request as httpRequest } from 'node:http';
import t, { type Test } from 'tap';
import type { Purge } from '../../src/store/purge-log.ts';
import { ask, fateOf } from '../helpers/raw-client.ts';
import { cacheStatus, type Site, startSite } from '../helpers/scripted-site.ts';
import { TestClock } from '../helpers/test-clock.ts';

const rules = `
ttl: { jitter: 0, min: 1s }
content_types:
  page: { ttl: 10s, scope: public, cache_control: override, stale_if_error: 10m, etag: true }
  mine: { ttl: 10s, scope: user, cache_control: override, stale_if_error: 10m }
  obeying: { ttl: 10s, scope: public, stale_if_error: 10m }
  short: { ttl: 10s, scope: public, cache_control: override, stale_if_error: 5s }
routes:
  - { match: GET /p/*, type: page }
  - { match: GET /mine/*, type: mine }
  - { match: GET /obeying/*, type: obeying }
  - { match: GET /short/*, type: short }
  - { match: GET /opening/*, type: pass }
unmatched: standard
identity: { credentials: [session] }
`;

/** The fields of the answer to a path such as `/obeying/max-age=10,must-revalidate`. */
const directivesOf = (url: string): string => decodeURIComponent(url.slice(url.lastIndexOf('/') + 1));

/** With a clock that stands still no pause ends: there are no probes. */
async function start(t: Test): Promise<{ site: Site; clock: TestClock }> {
  const clock = new TestClock();
  const site = await startSite(rules, { clock });
  t.teardown(() => site.close());
  site.answerWith(({ url = '', headers }, response) => {
    if (url.startsWith('/std') || url.startsWith('/obeying'))
      response.setHeader('cache-control', directivesOf(url));
    if (url.startsWith('/std/vary')) {
      response.setHeader('cache-control', 'max-age=10, stale-if-error=600').setHeader('vary', 'x-kind');
    }
    response.end(`of ${headers.cookie ?? 'nobody'} ${String(headers['x-kind'] ?? '')}`.trim());
  });
  return { site, clock };
}

/** Makes the origin fail until the breaker is open. `how` it fails decides what may stand in. */
async function open(site: Site, how: 'error' | 'disconnected' = 'error'): Promise<void> {
  site.answerWith(({ socket }, response) => {
    if (how === 'error') response.writeHead(503).end('busy');
    else socket.destroy();
  });
  for (let index = 0; index < 5; index += 1) await (await fetch(`${site.url}/opening/${index}`)).text();
  if (site.proxy.services.origin.health.isClosed) throw new Error('it is not open');
  site.seen.length = 0;
}

type Got = { readonly status: number; readonly fate: string; readonly text: string };

async function get(
  site: Site,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Got> {
  const response = await fetch(site.url + path, { headers, method });
  return { status: response.status, fate: cacheStatus(response), text: await response.text() };
}

const atOnce = /^hit; ttl=-\d+; detail=breaker-open$/;
const purge = { prefixes: [], everything: false, cause: 'api' } as const satisfies Partial<Purge>;

t.test('copies are given within the windows of the rule, response and request, and not beyond', async (t) => {
  const { site, clock } = await start(t);
  const short = ['/short/1', '/std/max-age=10', '/std/max-age=10, stale-if-error=5'];
  const long = ['/p/1', '/std/max-age=10, stale-if-error=600', '/obeying/max-age=10'];
  for (const path of [...short, ...long]) await get(site, path);
  clock.advance(18);
  await open(site);
  for (const path of long) t.match(await get(site, path), { status: 200, fate: atOnce }, path);
  t.strictSame(site.seen, [], 'nothing was asked for');
  for (const path of short) t.match(await get(site, path), { status: 503 }, path);
  t.equal(site.seen.length, short.length, 'each was asked for');
  const asking = { 'cache-control': 'stale-if-error=60' };
  for (const path of short) t.match(await get(site, path, asking), { status: 200, fate: atOnce }, path);
});

t.test('RFC 9111 §4.2.4: without a window, only for an origin that is unreachable', async (t) => {
  const { site, clock } = await start(t);
  await get(site, '/std/max-age=10');
  clock.advance(60);
  await open(site, 'disconnected');
  t.match(await get(site, '/std/max-age=10'), { status: 200, fate: atOnce });
  clock.advance(24 * 60 * 60);
  t.match(await get(site, '/std/max-age=10'), { status: 502 }, 'and not for longer than a day');
});

t.test('RFC 9111 §5.2.2: never with must-revalidate, proxy-revalidate, s-maxage or no-cache', async (t) => {
  const { site, clock } = await start(t);
  const forbidding = ['must-revalidate', 'proxy-revalidate', 's-maxage=10', 'no-cache'];
  const paths = forbidding.flatMap((directive) =>
    ['/std', '/obeying'].map((place) => `${place}/max-age=10, stale-if-error=600, ${directive}`),
  );
  for (const path of paths) await get(site, path);
  clock.advance(15);
  for (const how of ['error', 'disconnected'] as const) {
    await open(site, how);
    for (const path of paths) t.ok((await get(site, path)).status >= 502, `${how}: ${path}`);
    t.equal(site.seen.length, paths.length, 'each was asked for');
  }
});

t.test('RFC 9111 §5.2.1: not for a client that demands the origin’s answer, or a younger one', async (t) => {
  const { site, clock } = await start(t);
  await get(site, '/p/1');
  clock.advance(15);
  await open(site);
  for (const value of ['no-cache', 'max-age=0', 'max-age=12', 'min-fresh=1', 'no-store']) {
    t.equal((await get(site, '/p/1', { 'cache-control': value })).status, 503, value);
  }
  t.equal(site.seen.length, 5);
  t.match(await get(site, '/p/1', { 'cache-control': 'only-if-cached' }), { status: 504 });
  t.match(await get(site, '/p/2', { 'cache-control': 'only-if-cached' }), { status: 504 });
  t.equal(site.seen.length, 5, 'only-if-cached asks for nothing');
});

t.test('a HEAD, a range and a precondition are answered from the copy', async (t) => {
  const { site, clock } = await start(t);
  const first = await fetch(`${site.url}/p/1`);
  t.equal(await first.text(), 'of nobody');
  const etag = (await fetch(`${site.url}/p/1`)).headers.get('etag') ?? '';
  clock.advance(15);
  await open(site);
  t.match(await get(site, '/p/1', {}, 'HEAD'), { status: 200, text: '', fate: atOnce });
  t.match(await get(site, '/p/1', { range: 'bytes=3-8' }), { status: 206, text: 'nobody', fate: atOnce });
  t.match(await get(site, '/p/1', { range: 'bytes=99-' }), { status: 416, fate: atOnce });
  // Node's fetch adds no-cache to a precondition of its caller.
  const conditional = await ask(site.url, {
    target: '/p/1',
    host: new URL(site.url).host,
    lines: [`If-None-Match: ${etag}`],
  });
  t.match([conditional.status, fateOf(conditional)], [304, atOnce]);
  t.strictSame(site.seen, []);
});

t.test('no client gets a copy of another person or another variant', async (t) => {
  const { site, clock } = await start(t);
  for (const path of ['/mine/1', '/std/max-age=10, stale-if-error=600'])
    await get(site, path, { cookie: 'session=alice' });
  await get(site, '/std/vary', { 'x-kind': 'a' });
  clock.advance(15);
  await open(site);
  for (const path of ['/mine/1', '/std/max-age=10, stale-if-error=600']) {
    t.match(await get(site, path, { cookie: 'session=alice' }), { text: 'of session=alice', fate: atOnce });
    for (const cookie of ['session=bob', 'session=alice; session=bob', 'other=1', '']) {
      const got = await get(site, path, cookie === '' ? {} : { cookie });
      t.match(got, { status: 503, text: 'busy' }, `${path} for ${cookie}`);
    }
  }
  t.match(await get(site, '/std/vary', { 'x-kind': 'a' }), { text: 'of nobody a', fate: atOnce });
  t.equal((await get(site, '/std/vary', { 'x-kind': 'b' })).status, 503);
});

t.test('a purged copy never stands in; after a soft purge it may', async (t) => {
  const { site, clock } = await start(t);
  for (const path of ['/p/soft', '/p/hard', '/p/written']) await get(site, path);
  clock.advance(15);
  await open(site);
  const { purgeLog } = site.proxy.services;
  for (const path of ['/p/soft', '/p/hard', '/p/written']) t.match((await get(site, path)).fate, atOnce);
  await purgeLog.append({ ...purge, tags: ['url:/p/soft' as never], soft: true });
  await purgeLog.append({ ...purge, tags: ['url:/p/hard' as never], soft: false });
  await get(site, '/p/written', {}, 'DELETE');
  site.seen.length = 0;
  t.match(await get(site, '/p/soft'), { status: 200, fate: atOnce });
  t.match(await get(site, '/p/hard'), { status: 503 });
  t.match(await get(site, '/p/written'), { status: 503 }, 'its outcome is unknown');
  t.ok(site.seen.includes('GET /p/hard') && site.seen.includes('GET /p/written'));
});

t.test('a client that leaves while it gets a copy changes nothing', async (t) => {
  const { site, clock } = await start(t);
  await get(site, '/p/1');
  clock.advance(15);
  await open(site);
  for (let index = 0; index < 20; index += 1) {
    const leaving = httpRequest(`${site.url}/p/1`);
    leaving.on('error', () => undefined).end(() => leaving.destroy());
  }
  t.match(await get(site, '/p/1'), { status: 200, fate: atOnce });
});
