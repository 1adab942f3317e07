/** A fetch tells what came of it once, whatever the origin answers. */
import t from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { cacheStatus, startSite } from '../helpers/scripted-site.ts';

t.test('a 304 about another representation is followed by a fetch, and told as one outcome', async (t) => {
  const site = await startSite('unmatched: standard', {
    answer: (request, response) => {
      const isAsked = request.headers['if-none-match'] !== undefined;
      response.writeHead(isAsked ? 304 : 200, {
        'Cache-Control': 'max-age=0',
        ETag: isAsked ? '"b"' : '"a"',
      });
      response.end(isAsked ? '' : 'a body');
    },
  });
  t.teardown(() => site.close());
  await (await fetch(`${site.url}/a`)).text();
  const second = await fetch(`${site.url}/a`);
  t.equal(await second.text(), 'a body');
  t.match(cacheStatus(second), /^fwd=stale; stored/);
  await eventually('both are told', () => site.outcomes.length > 1);
  t.strictSame(site.seen, ['GET /a', 'GET /a', 'GET /a']);
  t.strictSame(
    site.outcomes.map(({ status, miss }) => [status, miss]),
    [
      [200, 'cold'],
      [200, 'expired'],
    ],
  );
});
