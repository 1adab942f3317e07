/** What operators see of the origin's breaker: one log line when it opens, one when it closes, and a metric. */
import t from 'tap';
import { startProxy } from '../control/running-proxy.ts';
import { eventually } from '../helpers/eventually.ts';

t.test('opening and closing are logged once each, with a gauge', async (t) => {
  let isBusy = true;
  const { get, control, logged } = await startProxy(t, {
    listener: (_request, response) => response.writeHead(isBusy ? 503 : 200).end(),
  });
  const gauge = async (): Promise<string | undefined> =>
    /^shelflife_origin_breaker_open (\d)$/m.exec(await (await control('/metrics')).text())?.[1];
  const lines = () => logged.filter(({ msg }) => msg === 'origin');
  t.equal(await gauge(), '0');
  for (let index = 0; index < 20; index += 1) await get(`/page/${index}`);
  t.equal(await gauge(), '1');
  t.match(lines(), [{ level: 40, breaker: 'open', why: 'status-503' }]);
  const ready = await control('/readyz');
  t.match(await ready.json(), { origin: 'up', breaker: 'closed' }, 'the breaker of /readyz is that of Redis');
  isBusy = false;
  await get('/page/1');
  await eventually('closed', async () => (await gauge()) === '0');
  t.match(lines(), [{ breaker: 'open' }, { level: 30, breaker: 'closed' }]);
});
