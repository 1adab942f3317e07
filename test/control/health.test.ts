/** `/readyz` reports the real state. */
import t from 'tap';
import { createOriginProbe } from '../../src/control/origin-probe.ts';
import { startProxy } from './running-proxy.ts';

t.test('/readyz says up while the origin listens', async (t) => {
  const { control, requests } = await startProxy(t);
  const response = await control('/readyz');
  t.equal(response.status, 200);
  t.strictSame(await response.json(), { redis: 'none', origin: 'up', breaker: 'closed' });
  t.strictSame(requests, [], 'the origin gets no request for it');
});

t.test('/readyz says down, with 503, when the origin is down; /healthz still says up', async (t) => {
  const { control, closeOrigin } = await startProxy(t);
  await closeOrigin();
  const response = await control('/readyz');
  t.equal(response.status, 503);
  t.match(await response.json(), { origin: 'down' });
  t.equal((await control('/healthz')).status, 200);
});

t.test('the origin is connected to at most once a second, and checked again after that', async (t) => {
  const { closeOrigin, server } = await startProxy(t);
  let monotonicMs = 0;
  const clock = { ...server.services.clock, monotonicMs: () => monotonicMs };
  const probe = createOriginProbe(server.services.site().config.upstream, clock);
  t.equal(await probe(), 'up');
  await closeOrigin();
  monotonicMs = 999;
  t.equal(await probe(), 'up', 'remembered');
  monotonicMs = 1000;
  t.equal(await probe(), 'down');
});
