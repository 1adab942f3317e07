/** Alerts from traffic to webhook, and request lines in the log, over a running proxy. */
import t from 'tap';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { startProxy } from '../control/running-proxy.ts';

t.test(
  'a low hit rate reaches the webhook once, tried again when it fails, and is in log, metrics and API',
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

t.test('at debug every request has a line with its outcome, cause and times, and no secret', async (t) => {
  const { get, server, logged } = await startProxy(t, { rules: 'log: { level: debug }' });
  await server.replaceConfig(server.parts.site().config);
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

const isOver = ({ until }: { until: boolean }): boolean => until;
