/** An origin that is slow, or falls silent: before the head of its answer, before the body, within the body. */
import type { ServerResponse } from 'node:http';
import t, { type Test } from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { closeProxy } from '../helpers/close-proxy.ts';
import { cacheStatus, type Site, startProxy, startSite } from '../helpers/scripted-site.ts';
import { ShiftedClock } from '../helpers/shifted-clock.ts';
import { stopwatch } from '../helpers/stopwatch.ts';

const rules = `
ttl: { jitter: 0, min: 1s }
content_types:
  page: { ttl: 10s, scope: public, cache_control: override, stale_if_error: 10m }
  bare: { ttl: 10s, scope: public, cache_control: override, stale_if_error: 0s }
routes:
  - { match: GET /p/*, type: page }
  - { match: GET /bare/*, type: bare }
  - { match: GET /pass/*, type: pass }
unmatched: standard
`;

/** A site whose proxy has little patience: two proxies, one origin, of which the second is used. */
async function start(t: Test): Promise<{ site: Site; url: string; clock: ShiftedClock }> {
  const site = await startSite(rules);
  const clock = new ShiftedClock();
  const { port } = site.origin.address() as { port: number };
  const upstream = `upstream: { url: "http://127.0.0.1:${port}", response_timeout: 400ms, body_timeout: 400ms }`;
  const proxy = await startProxy(`${upstream}\n${rules}`, { clock, outcomes: site.outcomes });
  t.teardown(async () => {
    await closeProxy(proxy);
    await site.close();
  });
  return { site, url: proxy.url, clock };
}

/** Writes the pieces, with pauses of so many milliseconds, and never ends. */
function dribble(response: ServerResponse, pieces: readonly string[], pauseMs: number): void {
  const [piece, ...rest] = pieces;
  if (piece === undefined) return;
  response.write(piece);
  setTimeout(() => {
    dribble(response, rest, pauseMs);
  }, pauseMs).unref();
}

const places = ['/p/1', '/bare/1', '/std', '/pass/1'] as const;

t.test('silence before the head: 504 at the timeout', async (t) => {
  const { site, url } = await start(t);
  site.answerWith(() => undefined);
  for (const path of places) {
    const tookMs = stopwatch();
    const response = await fetch(url + path);
    t.equal(response.status, 504);
    t.match(response.headers.get('proxy-status'), /^shelflife; error=http_response_timeout/);
    t.ok(tookMs() < 2000);
  }
});

t.test('silence before the body: 504 too, because nothing has been sent yet', async (t) => {
  const { site, url } = await start(t);
  site.answerWith((_request, response) => {
    response.setHeader('content-length', '5').flushHeaders();
  });
  for (const path of places) {
    const response = await fetch(url + path);
    t.equal(response.status, 504);
    t.match(response.headers.get('proxy-status'), /^shelflife; error=connection_read_timeout/);
    t.equal(response.headers.get('content-length'), String((await response.text()).length));
  }
});

t.test('silence within the body: the client is cut off, and nothing is stored', async (t) => {
  const { site, url } = await start(t);
  for (const path of places) {
    site.answerWith((_request, response) => {
      response.setHeader('cache-control', 'max-age=60');
      dribble(response, ['abc'], 1);
    });
    const response = await fetch(url + path);
    t.equal(response.status, 200);
    await t.rejects(response.text());
    site.answerWith((_request, response) => response.end('whole'));
    const next = await fetch(url + path);
    t.match([cacheStatus(next), await next.text()], [/^fwd=(uri-miss|bypass)/, 'whole']);
  }
});

t.test('a stale copy is given where allowed, if nothing has been sent yet', async (t) => {
  const { site, url, clock } = await start(t);
  await (await fetch(`${url}/p/1`)).text();
  clock.advance(15);
  const silent = [
    () => undefined,
    (_request: unknown, response: ServerResponse) => {
      response.writeHead(200).flushHeaders();
    },
  ];
  for (const answer of silent) {
    site.answerWith(answer);
    const response = await fetch(`${url}/p/1`);
    t.match([response.status, await response.text()], [200, 'ok']);
    t.match(cacheStatus(response), /^fwd=stale; (fwd-status=200; )?ttl=-\d+; detail=stale-if-error$/);
  }
  await eventually('told', () => site.outcomes.length === 3);
  t.strictSame(
    site.outcomes.map(({ status, failure }) => [status, failure]),
    [
      [200, undefined],
      [200, 'head-timeout'],
      [200, 'body-timeout'],
    ],
  );
});

t.test('a slow but steady body is neither late nor cut', async (t) => {
  const { site, url } = await start(t);
  const pieces = Array.from({ length: 8 }, (_, index) => `piece ${index};`);
  site.answerWith((_request, response) => {
    dribble(response, pieces, 100);
    setTimeout(() => response.end(), 900).unref();
  });
  const all = await Promise.all(places.map((path) => fetch(url + path).then((response) => response.text())));
  t.strictSame(
    all,
    places.map(() => pieces.join('')),
  );
});

t.test('silence opens the breaker; then no request with a copy waits', async (t) => {
  const { site, url, clock } = await start(t);
  await (await fetch(`${url}/p/1`)).text();
  clock.advance(15);
  site.answerWith(() => undefined);
  await Promise.all([1, 2, 3, 4, 5].map((index) => fetch(`${url}/bare/${index}`)));
  const tookMs = stopwatch();
  for (let index = 0; index < 20; index += 1) {
    const response = await fetch(`${url}/p/1`);
    t.match(cacheStatus(response), /^hit; .*breaker-open/);
    await response.text();
  }
  t.ok(tookMs() < 2000, 'twenty in less time than five would have waited');
});

t.test('a head whose body is slow is sent by itself: a client may need it', async (t) => {
  const { site } = await start(t);
  const ends: (() => void)[] = [];
  site.answerWith((_request, response) => {
    response.writeHead(200, { 'x-said': 'early' }).flushHeaders();
    ends.push(() => response.end('late'));
  });
  for (const path of places) {
    // Resolves with the head; the body comes only when the client has that.
    const response = await fetch(site.url + path);
    t.equal(response.headers.get('x-said'), 'early');
    ends.pop()?.();
    t.equal(await response.text(), 'late');
  }
});

t.test('server-sent events begin at once, and may pause for any time', async (t) => {
  const { site, url } = await start(t);
  const streams: ServerResponse[] = [];
  site.answerWith((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    streams.push(response);
  });
  for (const path of ['/std', '/pass/1']) {
    const response = await fetch(url + path);
    t.equal(response.status, 200, 'its head is here before any event');
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (const text of ['data: first\n\n', 'data: second\n\n']) {
      streams.at(-1)?.write(text);
      t.equal((await reader?.read())?.value, text);
    }
    setTimeout(() => streams.at(-1)?.end('data: late\n\n'), 900).unref();
    t.equal((await reader?.read())?.value, 'data: late\n\n', 'more than body_timeout later');
    t.equal((await reader?.read())?.done, true);
  }
});
