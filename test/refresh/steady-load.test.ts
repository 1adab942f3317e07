import t from 'tap';
import { dice, simulatedSite } from './simulated-site.ts';

const urls = 500;
const perSecond = 200;
const step = 0.005;

const rules = (more: string): string => `
content_types: { page: { ttl: 30s, scope: public, cache_control: override${more} } }
routes: [{ match: GET /p/:id, type: page }]
ttl: { min: 1s }
warm: { concurrency: 4 }
`;

/** How the site does under a steady load, once it is warm. */
async function underLoad(more: string, measuredSeconds: number) {
  const site = simulatedSite(rules(more));
  const draw = dice(3);
  const run = async (seconds: number): Promise<void> => {
    for (let passed = 0; passed < seconds; passed += step) {
      for (let request = 0; request < perSecond * step; request += 1)
        site.ask(`/p/${Math.floor(draw() * urls)}`);
      await site.timers.advance(step, step);
      if (Math.floor(passed) !== Math.floor(passed + step)) site.refresh.tick();
    }
  };
  for (let url = 0; url < urls; url += 1) site.ask(`/p/${url}`);
  await run(45);
  site.outcomes.length = 0;
  const before = site.origin.requests;
  await run(measuredSeconds);
  const waited = site.outcomes.filter(({ kind }) => kind !== 'hit').length;
  return { requests: site.outcomes.length, waited, asked: site.origin.requests - before };
}

t.test('under a steady load no request waits for the origin, which gets hardly more requests', async (t) => {
  const plain = await underLoad('', 90);
  const kept = await underLoad(', stale_while_revalidate: 30s, refresh_ahead: true', 90);
  t.comment({ plain, kept });
  t.ok(plain.waited > 500, 'without renewals people wait');
  t.ok(kept.requests > 17_000);
  t.equal(kept.waited, 0);
  t.ok(kept.asked <= plain.asked * 1.15, `${kept.asked} requests to the origin for ${plain.asked}`);
});
