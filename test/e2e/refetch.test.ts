import t from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { barrier, startSite } from '../helpers/scripted-site.ts';
import { TestClock } from '../helpers/test-clock.ts';

const rules = `
ttl: { jitter: 0 }
content_types: { page: { ttl: 60s, scope: public, cache_control: override } }
routes: [{ match: GET /p, type: page }]
`;

t.test('after a 304 about another representation, one fetch serves all who wait', async (t) => {
  const clock = new TestClock();
  const site = await startSite(rules, { clock });
  t.teardown(() => site.close());
  site.answerWith((_request, response) => response.setHeader('etag', '"a"').end('old'));
  await fetch(`${site.url}/p`);
  clock.advance(61);
  const release = barrier();
  site.answerWith((request, response) => {
    response.setHeader('etag', '"b"');
    if (request.headers['if-none-match'] === undefined) return void response.end('new');
    response.statusCode = 304;
    void release.reached.then(() => response.end());
  });
  const asking = [1, 2, 3].map(() => fetch(`${site.url}/p`));
  await eventually('asked', () => site.seen.length === 2);
  await eventually('they wait', () => [...waiters(site)].includes(2));
  release.arrive();
  for (const answer of await Promise.all(asking)) t.equal(await answer.text(), 'new');
  t.equal(site.seen.length, 3, 'the conditional request and the one in its place');
  await eventually('told', () => site.outcomes.length >= 4);
  t.strictSame(
    site.outcomes.map(({ status }) => status),
    [200, 200, 200, 200],
  );
});

/** How many wait for each fetch under way. */
function* waiters({ proxy }: Awaited<ReturnType<typeof startSite>>): Iterable<number> {
  for (const { key } of proxy.services.store.entries()) yield proxy.services.flights.get(key)?.waiters ?? 0;
}
