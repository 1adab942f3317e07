/** Clients that want more than their share of memory, time or connections. */

import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { createReader } from '../../src/proxy/exchange/client-request.ts';
import { createHttpServer } from '../../src/proxy/listen/http-server.ts';
import { readAsked } from '../../src/proxy/exchange/asked-request.ts';
import { parseSetCookie, parseCookieLine } from '../../src/http/cookies.ts';
import { parseVary } from '../../src/http/vary.ts';
import { sortQuery } from '../../src/http/query.ts';
import { parseFlaskCookie } from '../../src/policy/identity/flask-session.ts';
import { readCredentials } from '../../src/policy/identity/credentials.ts';
import { scanFields } from '../../src/http/request-head.ts';
import { acceptClass } from '../../src/policy/key/cache-key.ts';
import { closeProxy } from '../helpers/close-proxy.ts';
import { ask, isHit, timeToClose } from '../helpers/raw-client.ts';
import { barrier, startProxy, startSite } from '../helpers/scripted-site.ts';
import { processorTime } from '../helpers/stopwatch.ts';

const rules = `
unmatched: standard
store: { memory: 1MiB }
content_types:
  page: { ttl: 10m, scope: public, cache_control: override }
  home: { ttl: 10m, scope: user, cache_control: override }
routes:
  - { match: GET /page/*, type: page }
  - { match: GET /home/*, type: home }
`;

t.test('variants of one resource are bounded, whatever a client varies', async (t) => {
  const site = await startSite(rules, {
    answer: (request, response) => {
      response.setHeader('Cache-Control', 'max-age=600');
      response.setHeader('Vary', 'X-Lang');
      response.end(`in ${String(request.headers['x-lang'])}`);
    },
  });
  t.teardown(() => site.close());
  for (let at = 0; at < 50; at += 1) await ask(site.url, { target: '/any', lines: [`X-Lang: ${at}`] });
  t.equal(site.proxy.services.store.size().entries, 16);
  t.equal((await ask(site.url, { target: '/any' })).body, 'in undefined');
  t.ok(isHit(await ask(site.url, { target: '/any' })));
});

t.test('one identity cannot evict the pages of others', async (t) => {
  const site = await startSite(rules, { answer: (_request, response) => response.end('a'.repeat(20_000)) });
  t.teardown(() => site.close());
  const clean = [{ target: '/page/a' }, { target: '/home/a', lines: ['Cookie: session=victim'] }];
  for (const request of clean) await ask(site.url, request);
  for (let at = 0; at < 200; at += 1) {
    await ask(site.url, { target: `/home/${at}`, lines: ['Cookie: session=attacker'] });
  }
  for (const request of clean) t.ok(isHit(await ask(site.url, request)), request.target);
  t.ok(site.proxy.services.store.size().bytes <= 1024 * 1024);
});

t.test('requests waiting for a silent origin are answered in time; nothing stays in flight', async (t) => {
  const gate = barrier();
  const silent = await startSite('unmatched: standard\n', {
    answer: (_request, response) => {
      void gate.reached.then(() => response.end());
    },
  });
  t.teardown(() => silent.close());
  const { config } = silent.proxy.services.site();
  const proxy = await startProxy(
    `upstream: { url: "${config.upstream.url}", response_timeout: 300ms }\nunmatched: standard\n`,
  );
  t.teardown(() => closeProxy(proxy));
  const answers = await Promise.all(Array.from({ length: 40 }, () => ask(proxy.url, { target: '/a' })));
  for (const { status } of answers) t.equal(status, 504);
  t.equal(proxy.services.flights.size, 0);
  t.ok(silent.seen.length <= 2, `${silent.seen.length} of 40 reached the origin`);
  gate.arrive();
});

const quick = {
  ...{ maxHeaderSize: 16 * 1024, headersTimeout: 150, bodyPauseMs: 150, checkEveryMs: 50 },
  // A head that never comes may be refused before it counts as slow; a refusal waits for its client.
  linger: { ms: 150, bytes: 256 * 1024 ** 2 },
};

/** A listener with short limits; `/wait` is never answered, `/large` is more than a connection holds. */
async function startQuick(): Promise<{ url: string; close: () => void }> {
  const server = createHttpServer(
    {
      read: createReader({ hosts: undefined, trustedProxies: [] }),
      pipeline: ({ path }, reply) => {
        if (path === '/wait') return undefined;
        reply.head(200, []);
        reply.end(path === '/large' ? Buffer.alloc(64 * 1024 * 1024) : Buffer.from('ok'));
        return undefined;
      },
      onRefused: () => undefined,
      onError: () => undefined,
      limits: quick,
    },
    () => undefined,
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

t.test('clients that send or read too slowly are cut off', async (t) => {
  const server = await startQuick();
  t.teardown(server.close);
  const slow: readonly (readonly [name: string, bytes: string])[] = [
    ['nothing', ''],
    ['half a head', 'GET / HTTP/1.1\r\nHost: a\r\nX: '],
    ['half a body', 'GET /wait HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345'],
    ['half a chunk', 'GET /wait HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12'],
  ];
  const times = await Promise.all(slow.map(([, bytes]) => timeToClose(server.url, bytes)));
  for (const [at, [name]] of slow.entries()) t.ok((times[at] ?? 0) < 4000, `${name}: ${times[at] ?? 0} ms`);
});

t.test(
  'a client that keeps sending but reads nothing, or sends next to nothing, is cut off too',
  async (t) => {
    const server = await startQuick();
    t.teardown(server.close);
    const busy = await Promise.all([
      sendSlowly(server.url, 'GET /large HTTP/1.1\r\nHost: a\r\n\r\n', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'),
      sendSlowly(server.url, 'GET /large HTTP/1.1\r\nHost: a\r\n\r\n', 'G'),
      sendSlowly(server.url, 'GET /wait HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\n', 'a'),
      sendSlowly(
        server.url,
        'GET /large HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
        'a',
      ),
    ]);
    for (const ms of busy) t.ok(ms < 4000, `${ms} ms`);
  },
);

/** Sends, takes nothing, and goes on sending; resolves with how long it could. */
function sendSlowly(url: string, first: string, more: string): Promise<number> {
  const { hostname, port } = new URL(url);
  const opened = performance.now();
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => socket.write(first));
    socket.pause();
    socket.on('error', () => undefined);
    // Paused, a socket is not told of its end; it finds out by writing.
    const probe = setInterval(() => socket.write(more), 40);
    socket.on('close', () => {
      clearInterval(probe);
      resolve(performance.now() - opened);
    });
  });
}

t.test('a client that waits for its answer does not count as slow', async (t) => {
  const server = await startQuick();
  t.teardown(server.close);
  let hasClosed = false;
  void timeToClose(server.url, 'GET /wait HTTP/1.1\r\nHost: a\r\n\r\n').then(() => {
    hasClosed = true;
  });
  // Three times as long as the limit, told by clients that are cut off.
  for (let at = 0; at < 3; at += 1)
    await timeToClose(server.url, 'GET /wait HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1');
  t.equal(hasClosed, false);
});

const long = (piece: string): string => piece.repeat(Math.floor(15_000 / piece.length));
const nasty = [
  'a',
  ' ',
  '\t',
  ',',
  ';',
  '"',
  '\\',
  '=',
  '.',
  '%',
  '%2',
  '%41',
  '..;',
  '-',
  '_',
  '$',
  'a=b;',
  '"a',
  ', ,',
  ';q=',
  '*',
  '&',
  'a=a&',
  '0-,',
  '[',
  ':',
  '\xa0',
];

t.test('no text takes more than linear time', (t) => {
  const options = { hosts: undefined, trustedProxies: ['127.0.0.0/8'] };
  const readers: readonly (readonly [name: string, read: (text: string) => unknown])[] = [
    [
      'target',
      (text) => readAsked({ method: 'GET', url: `/${text.slice(0, 8000)}`, fields: [], host: 'a' }, options),
    ],
    ['query', (text) => sortQuery(text, { ignore: ['utm_*'], cut: [{ name: 'v', at: '.' }] })],
    ['Host', (text) => readAsked({ method: 'GET', url: '/', fields: ['Host', text], host: 'a' }, options)],
    [
      'X-Forwarded-For',
      (text) => readAsked({ method: 'GET', url: '/', fields: ['X-Forwarded-For', text], host: 'a' }, options),
    ],
    [
      'Connection',
      (text) => readAsked({ method: 'GET', url: '/', fields: ['Connection', text], host: 'a' }, options),
    ],
    ['Cookie', parseCookieLine],
    ['credentials', (text) => readCredentials({ cookie: text }, [], new Set(['session', 'token']))],
    ['analytics', (text) => readCredentials({ cookie: `_ga${text}=1` }, [], undefined)],
    ['Set-Cookie', parseSetCookie],
    ['session', (text) => parseFlaskCookie(`${text}.a.b`)],
    ['Accept', acceptClass],
    ['Vary', (text) => parseVary(['Vary', text])],
    ['head', (text) => scanFields([text, text])],
  ];
  for (const [name, read] of readers) {
    const spentMs = processorTime();
    for (const piece of nasty) {
      read(long(piece));
      read(`${long(piece)}!`);
    }
    const each = spentMs() / (nasty.length * 2);
    t.ok(each < 20, `${name}: ${each.toFixed(2)} ms for 15 KB`);
  }
  t.end();
});
