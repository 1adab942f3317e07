import t from 'tap';
import { toTag } from '../../src/policy/rules/tags.ts';
import { simulatedSite } from './simulated-site.ts';

const rules = `
content_types: { page: { ttl: 600s, scope: public, cache_control: override, tags: [pages] } }
routes: [{ match: GET /p/:id, type: page }]
store: { memory: 256MiB }
purge: { refill: true }
warm: { concurrency: 4 }
`;

t.test('ten thousand hot keys purged at once: never more at the origin than the limit', async (t) => {
  const site = simulatedSite(rules);
  const { origin, timers, services, refresh } = site;
  const hot = 10_000;
  for (let time = 0; time < 2; time += 1) {
    for (let id = 0; id < hot; id += 1) site.ask(`/p/${id}`);
    await timers.advance(0.1, 0.05);
  }
  t.equal(origin.requests, hot);
  origin.mostAtOnce = 0;
  const purge = { tags: [toTag('pages')], prefixes: [], everything: false, soft: false } as const;
  await services.purgeLog.append({ ...purge, cause: 'api' });
  await timers.advance(2, 0.005);
  t.ok(refresh.governor.stats().waiting > 9000, 'all of them wait');
  t.ok(origin.mostAtOnce <= 4, `${origin.mostAtOnce} at once`);
  const refilled = origin.requests - hot;
  t.ok(refilled > 300 && refilled <= 2 * 200 + 4, `${refilled} in two seconds`);
  refresh.governor.close();
});
