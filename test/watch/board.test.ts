/** Alerts from traffic to webhook, and request lines in the log, over a running proxy. */
import t from 'tap';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { startProxy } from '../control/running-proxy.ts';
import { eventually } from '../helpers/eventually.ts';
import { ask } from '../helpers/raw-client.ts';
import { redisServer } from '../helpers/redis-server.ts';

t.test(
  'a low hit rate reaches the webhook once, is retried on failure, and is in log, metrics and API',
  async (t) => {
    const bodies: { text: string; status: string; name: string }[] = [];
    const hook = createServer((request, response) => {
      void text(request).then((body) => {
        response.statusCode = bodies.length === 0 && response.statusCode === 200 && tries++ === 0 ? 500 : 200;
        if (response.statusCode === 200) bodies.push(JSON.parse(body) as (typeof bodies)[number]);
        response.end();
        if (bodies.length > 0) hook.emit('told');
      });
    });
    let tries = 0;
    hook.listen(0, '127.0.0.1');
    await once(hook, 'listening');
    t.teardown(() => {
      hook.closeAllConnections();
      hook.close();
    });
    const url = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/hook`;
    const { get, control, logged } = await startProxy(t, {
      rules: `alerts:\n  - { name: low, when: { hit_rate_below: 0.5 }, for: 1s, min_requests: 5, webhook: "${url}" }\n`,
    });
    const told = once(hook, 'told');
    const asked = { until: false };
    void told.then(() => {
      asked.until = true;
    });
    for (let n = 0; !isOver(asked); n += 1) await get(`/page/${n}`);
    t.match(bodies, [{ name: 'low', status: 'firing', text: /hit rate is 0\.0 %.*cold/ }]);
    t.equal(tries, 2, 'one failure, one success');
    t.ok(logged.some((line) => line['alert'] === 'low' && line['status'] === 'firing'));
    t.match(await (await control('/metrics')).text(), /shelflife_alert_firing\{alert="low"\} 1/);
    t.match(await (await control('/api/cache/alerts')).json(), {
      firing: [{ name: 'low' }],
      recent: [{ status: 'firing' }],
    });
    t.notOk(JSON.stringify(logged).includes(url), 'the webhook is a secret');
  },
);

t.test('more in Redis than max_bytes is an alert without configuration, until it is less', async (t) => {
  const redis = await redisServer(t);
  const { get, control, logged, purge } = await startProxy(t, {
    rules: `store: { redis: { url: "${redis.url}", max_bytes: 2MB } }\njanitor: { every: 1s, scan: 1000 }\n`,
    listener: (_request, response) => {
      response.writeHead(200, { 'Cache-Control': 'max-age=60' }).end(randomBytes(200_000));
    },
  });
  type Alerts = { firing: { name: string }[]; recent: { status: string; name: string }[] };
  const alerts = async () => (await (await control('/api/cache/alerts')).json()) as Alerts;
  const firing = async () => (await alerts()).firing.map(({ name }) => name);
  for (let n = 0; n < 5; n += 1) await get(`/page/${n}`);
  // Many small keys of other kinds are not what fills it.
  for (let n = 0; n < 300; n += 1) await redis.client.set(`shelflife:learned:{${n}}`, '1');
  const bytes = async () =>
    Number(
      /shelflife_store_bytes\{tier="redis"\} (\d+)/.exec(await (await control('/metrics')).text())?.[1] ?? 0,
    );
  await eventually('measured', async () => (await bytes()) > 900_000);
  t.ok((await bytes()) < 1_200_000, 'about five pages');
  t.strictSame(await firing(), []);
  for (let n = 5; n < 20; n += 1) await get(`/page/${n}`);
  await eventually('fires', async () => (await firing()).length > 0);
  t.strictSame(await firing(), ['redis-over-max-bytes']);
  const metric = /shelflife_alert_firing\{alert="redis-over-max-bytes"\} (\d)/;
  t.equal(metric.exec(await (await control('/metrics')).text())?.[1], '1');
  await purge({ everything: true });
  await eventually('is over', async () => (await firing()).length === 0);
  t.match(
    (await alerts()).recent.map(({ status }) => status),
    ['resolved', 'firing'],
  );
  const lines = logged.filter((line) => line['alert'] === 'redis-over-max-bytes');
  t.match(lines, [
    { level: 40, status: 'firing' },
    { level: 30, status: 'resolved' },
  ]);
});

t.test('at debug level each request has a line with outcome, cause and times, and no secret', async (t) => {
  const { get, server, logged } = await startProxy(t, { rules: 'log: { level: debug }' });
  await server.replaceConfig(server.services.site().config);
  await get('/page?token=hush&x=1', { cookie: 'session=mine', 'x-request-id': 'r-1' });
  await get('/page?token=hush&x=1', { cookie: 'session=mine', 'x-request-id': 'r-2' });
  const lines = logged.filter((line) => line['msg'] === 'request');
  t.match(lines, [
    {
      request_id: /^[0-9a-f-]{36}$/, // the one the origin was sent: what is fetched for others bears no client's
      method: 'GET',
      target: '/page?token=…&x=1',
      status: 200,
      outcome: 'forward',
      cause: 'cold',
      type: 'standard',
    },
    { request_id: 'r-2', outcome: 'hit', tier: 'memory' },
  ]);
  t.ok(Number(lines[0]?.['origin_ms']) > 0);
  t.notMatch(JSON.stringify(lines), /hush|mine/);
});

t.test('a request refused before it was read is counted and logged as well', async (t) => {
  const { server, control, logged } = await startProxy(t, { rules: 'log: { level: debug }' });
  await server.replaceConfig(server.services.site().config);
  const [long, none, own] = [`X-Long: ${'a'.repeat(17 * 1024)}`, 'no field', 'X-Fine: yes'];
  for (const [lines, method, status] of [
    [[long], 'GET', 431],
    [[none], 'GET', 400],
    [[own], 'PURGE', 405],
  ] as const) {
    t.equal((await ask(server.url, { method, lines })).status, status);
  }
  const metric = /shelflife_requests_total\{type="none",outcome="refused"\} (\d+)/;
  t.equal(metric.exec(await (await control('/metrics')).text())?.[1], '3');
  t.match(
    logged.filter((line) => line['msg'] === 'request'),
    [
      { outcome: 'refused', refusal: 'head-too-large' },
      { outcome: 'refused', refusal: 'bad-request' },
      { outcome: 'refused', refusal: 'method-not-allowed' },
    ],
  );
});

const isOver = ({ until }: { until: boolean }): boolean => until;
