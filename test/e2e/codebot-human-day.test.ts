/**
 * Two people read CodeBot for a morning at a human pace, some 40 s between pages; each page runs its scripts and posts where its
 * reader is. The whole day: `npm run bench -- codebot-day`.
 */

import t from 'tap';
import { startCodebot } from '../helpers/codebot-browser.ts';
import { playDay } from '../helpers/codebot-day.ts';

t.test('a morning at a human pace, with beacons', async (t) => {
  const site = await startCodebot(t);
  // The stand-in's clock begins at 18:00.
  site.clock.advance(6 * 3600);
  const { reads, hits, perfect, beacons, meanMs, p95Ms, calls, reached, wrong } = await playDay(site, {
    users: [1003, 1004],
    hours: [[8, 9.3]],
  });
  t.same(wrong, []);
  t.ok(hits / reads >= 0.85, `${hits} of ${reads} are hits, first visits included`);
  t.ok(hits / perfect >= 0.98, `a perfect cache would have ${perfect}`);
  const fetched = reached.length - beacons;
  t.ok(fetched <= reads * 0.35, `the app answered ${fetched} besides the beacons`);
  // Half of a morning's misses are first visits: a perfect cache has them too.
  const [less, fewer] = [meanMs, calls].map(([app, proxy]) => 1 - proxy / app);
  t.ok(less !== undefined && less >= 0.7, `mean −${less}`);
  t.ok(fewer !== undefined && fewer >= 0.65, `database calls −${fewer}`);
  for (const [name, [, proxy, best]] of Object.entries({ meanMs, p95Ms, calls }))
    t.ok(proxy <= best * 1.15, `${name}: ${proxy}, of a perfect cache ${best}`);
});
