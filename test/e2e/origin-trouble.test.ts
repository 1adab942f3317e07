import { createServer } from 'node:net';
import t from 'tap';
import { closeProxy } from '../helpers/close-proxy.ts';
import { rawExchange } from '../helpers/raw-exchange.ts';
import { cacheStatus, startSite } from '../helpers/scripted-site.ts';
import { stopwatch } from '../helpers/stopwatch.ts';

const publicRule = `
content_types:
  page: { ttl: 60s, scope: public, cache_control: override, stale_if_error: 10m }
routes:
  - { match: GET /p/*, type: page }
`;

t.test(
  'an origin that is down: 502 within a second, without an address; fresh copies are still served',
  async (t) => {
    const site = await startSite(publicRule, { answer: (_request, response) => response.end('here') });
    t.teardown(() => site.close());
    t.equal(await (await fetch(`${site.url}/p/kept`)).text(), 'here');
    site.origin.closeAllConnections();
    await new Promise((resolve) => site.origin.close(resolve));
    const tookMs = stopwatch();
    const gone = await fetch(`${site.url}/p/other`);
    const body = await gone.text();
    t.ok(tookMs() < 1000);
    t.equal(gone.status, 502);
    t.match(gone.headers.get('proxy-status'), /^shelflife; error=connection_refused/);
    t.notMatch(body + JSON.stringify([...gone.headers]), /127\.0\.0\.1:\d|\.ts|node_modules/);
    const kept = await fetch(`${site.url}/p/kept`);
    t.equal(kept.status, 200);
    t.match(cacheStatus(kept), /^hit/);
    const posted = await fetch(`${site.url}/p/kept`, { method: 'POST', body: 'x' });
    t.equal(posted.status, 502);
    t.match(
      cacheStatus(await fetch(`${site.url}/p/kept`)),
      /^hit/,
      'a write that never reached the origin ends nothing',
    );
  },
);

t.test('a slow origin: 504 when its head is late, for every method', async (t) => {
  const rules = `  response_timeout: 300ms\n${publicRule}`;
  const silent = createServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as { port: number };
  const { startProxy } = await import('../helpers/scripted-site.ts');
  const proxy = await startProxy(`upstream:\n  url: http://127.0.0.1:${port}\n${rules}`);
  t.teardown(async () => {
    await closeProxy(proxy);
    silent.close();
  });
  t.equal((await fetch(`${proxy.url}/p/1`)).status, 504);
  t.equal((await fetch(`${proxy.url}/x`, { method: 'POST', body: 'x' })).status, 504);
});

t.test('a body cut short upstream is cut short downstream, and not stored', async (t) => {
  const site = await startSite(publicRule);
  t.teardown(() => site.close());
  for (const head of [{ 'content-length': '100' }, { 'transfer-encoding': 'chunked' }]) {
    site.answerWith((request, response) => {
      response.writeHead(200, head);
      response.write('partial', () => request.socket.destroy());
    });
    await t.rejects(
      fetch(`${site.url}/p/cut`).then((response) => response.text()),
      'the client sees an error',
    );
    site.answerWith((_request, response) => response.end('whole'));
    const next = await fetch(`${site.url}/p/cut`);
    t.equal(await next.text(), 'whole');
    t.match(cacheStatus(next), /^fwd=uri-miss/);
    await site.proxy.services.purgeLog.append({
      tags: [],
      prefixes: [],
      everything: true,
      soft: false,
      cause: 'api',
    });
  }
});

t.test('an idempotent request on a dead keep-alive connection is repeated once; a write never', async (t) => {
  const token = 'a-control-token-of-many-characters';
  const site = await startSite(`unmatched: standard\ncontrol: { token: ${token} }\n`);
  t.teardown(() => site.close());
  let drops = 0;
  site.answerWith((request, response) => {
    if (request.url?.startsWith('/warm') === true) return void response.end('ok');
    drops += 1;
    if (drops === 1) return void request.socket.destroy();
    response.end('second try');
  });
  await (await fetch(`${site.url}/warm`)).text();
  t.equal(await (await fetch(`${site.url}/again`)).text(), 'second try');
  const headers = { authorization: `Bearer ${token}` };
  const counted = await fetch(`${String(site.proxy.controlUrl)}/api/cache/metrics`, { headers });
  t.match(await counted.json(), { origin: { requests: site.seen.length, errors: 0 } }, 'both are counted');
  drops = 0;
  await (await fetch(`${site.url}/warm?2`)).text();
  t.equal((await fetch(`${site.url}/write`, { method: 'POST', body: 'x' })).status, 502);
  t.equal(drops, 1, 'the write was sent once');
});

t.test('malformed requests are refused, and the process goes on', async (t) => {
  const site = await startSite(publicRule);
  t.teardown(() => site.close());
  const head = 'Host: a.example\r\nConnection: close\r\n';
  const many = Array.from({ length: 300 }, (_, at) => `X-F${at}: 1\r\n`).join('');
  const cases: [string, RegExp][] = [
    [`GET /p/1 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n`, /^HTTP\/1.1 400/],
    [`GET /p/1 2 HTTP/1.1\r\n${head}\r\n`, /^HTTP\/1.1 400/],
    [`GET /p/1 HTTP/1.1\r\n${head}${many}\r\n`, /^HTTP\/1.1 431/],
    [`GET /p/1 HTTP/1.1\r\n${head}X-Long: ${'y'.repeat(20_000)}\r\n\r\n`, /^HTTP\/1.1 431/],
    [`PURGE /p/1 HTTP/1.1\r\n${head}\r\n`, /^HTTP\/1.1 405/],
    [`GET /p/%00 HTTP/1.1\r\n${head}\r\n`, /^HTTP\/1.1 400/],
    [`POST /p/1 HTTP/1.1\r\n${head}Expect: miracles\r\nContent-Length: 0\r\n\r\n`, /^HTTP\/1.1 417/],
    [`CONNECT a.example:443 HTTP/1.1\r\n${head}\r\n`, /^HTTP\/1.1 405/],
    [`what is this\r\n\r\n`, /^HTTP\/1.1 400/],
    [`GET /p/1 HTTP/1.1\r\n\r\n`, /^HTTP\/1.1 400/],
  ];
  for (const [text, expected] of cases) {
    const answer = await rawExchange(site.url, text);
    t.match(answer, expected, text.slice(0, 30));
    t.match(answer, /Cache-Status: shelflife;/i);
  }
  t.same(site.seen, [], 'nothing of it reached the origin');
  t.equal((await fetch(`${site.url}/p/1`)).status, 200);
});
