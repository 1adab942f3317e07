/** The effect of a fetch whose answer is not stored on waiting and later requests. */

import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import t from 'tap';
import { eventually } from '../../helpers/eventually.ts';
import { closeProxy } from '../../helpers/close-proxy.ts';
import { redisServer } from '../../helpers/redis-server.ts';
import { barrier, cacheStatus, startProxy, startSite } from '../../helpers/scripted-site.ts';
import { stopwatch } from '../../helpers/stopwatch.ts';

t.test('§5.2.1.5: a client’s own no-store does not turn collapsing off for the others', async (t) => {
  const site = await startSite('unmatched: standard');
  t.teardown(() => site.close());
  const release = barrier();
  site.answerWith((request, response) => {
    response.setHeader('Cache-Control', 'max-age=60');
    if (request.headers['cache-control'] !== undefined) response.end('page');
    else void release.reached.then(() => response.end('page'));
  });
  await (await fetch(`${site.url}/page`, { headers: { 'cache-control': 'no-store' } })).text();
  const all = Array.from({ length: 20 }, () => fetch(`${site.url}/page`));
  await eventually('one asks the origin', () => site.seen.length === 2);
  release.arrive();
  for (const response of await Promise.all(all)) t.equal(await response.text(), 'page');
  t.equal(site.seen.length, 2, 'the one with no-store, and one for all others');
});

t.test('an answer that cannot be shared turns collapsing off for the next requests', async (t) => {
  const site = await startSite('unmatched: standard');
  t.teardown(() => site.close());
  site.answerWith((_request, response) => {
    response.setHeader('Cache-Control', 'no-store');
    response.end('page');
  });
  await (await fetch(`${site.url}/page`)).text();
  const release = barrier();
  site.answerWith((_request, response) => void release.reached.then(() => response.end('page')));
  const all = Array.from({ length: 5 }, () => fetch(`${site.url}/page`));
  await eventually('each asks the origin', () => site.seen.length === 6);
  release.arrive();
  for (const response of await Promise.all(all)) t.equal(response.status, 200);
});

for (const [name, cacheControl] of [
  ['is not for others', 'no-store'],
  ['breaks off', 'max-age=60'],
] as const) {
  t.test(`fill_lock: no other instance waits for an answer that ${name}`, async (t) => {
    const redis = await redisServer(t);
    const rules = `store: { redis: { url: "${redis.url}", deadline: 500ms, fill_lock: true } }\nunmatched: standard\n`;
    const site = await startSite(rules);
    t.teardown(() => site.close());
    const address = site.origin.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const other = await startProxy(`upstream: http://127.0.0.1:${port}\n${rules}`);
    t.teardown(() => closeProxy(other));
    const release = barrier();
    site.answerWith((_request, response) => {
      const isFirst = site.seen.length === 1;
      response.setHeader('Cache-Control', cacheControl);
      if (!isFirst) response.end('page');
      else if (cacheControl === 'no-store') void release.reached.then(() => response.end('page'));
      else {
        response.writeHead(200, { 'content-length': 4 }).write('pa');
        void release.reached.then(() => response.destroy());
      }
    });
    // The same host, so the same key.
    const { host } = new URL(site.url);
    const ask = async (url: string): Promise<number> => {
      const sent = get(`${url}/page`, { headers: { host } });
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      response.on('error', () => undefined).resume();
      await new Promise((resolve) => response.once('close', resolve));
      return response.complete ? (response.statusCode ?? 0) : 0;
    };
    const first = ask(site.url);
    await eventually('the lease is held', async () => (await redis.client.keys('*:fill:*')).length === 1);
    await eventually('the origin is asked', () => site.seen.length === 1);
    const second = ask(other.url);
    const tookMs = stopwatch();
    release.arrive();
    await first;
    t.equal(await second, 200);
    t.ok(tookMs() < 1500, 'well before the lease is out');
    t.equal(site.seen.length, 2);
  });
}

t.test('X-Request-ID identifies one exchange: its client gets it, and it is not replayed', async (t) => {
  const site = await startSite('unmatched: standard', {
    answer: (_request, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=60', 'x-request-id': 'first', 'x-own': 'kept' });
      response.end('page');
    },
  });
  t.teardown(() => site.close());
  const first = await fetch(`${site.url}/page`);
  await first.text();
  t.equal(first.headers.get('x-request-id'), 'first');
  const hit = await fetch(`${site.url}/page`);
  t.match(cacheStatus(hit), /^hit/);
  t.equal(hit.headers.get('x-request-id'), null);
  t.equal(hit.headers.get('x-own'), 'kept');
});
