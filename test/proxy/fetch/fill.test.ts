/** A fetch reports its result once, whatever the origin answers. */
import t from 'tap';
import { eventually } from '../../helpers/eventually.ts';
import { cacheStatus, startSite } from '../../helpers/scripted-site.ts';

t.test('a 304 about another representation is followed by a fetch, and logged as one outcome', async (t) => {
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

t.test('a failed fetch is logged with the detail that its client got', async (t) => {
  const site = await startSite('unmatched: standard', {
    answer: (request) => request.socket.destroy(),
  });
  t.teardown(() => site.close());
  const answer = await fetch(`${site.url}/a`);
  t.equal(answer.status, 502);
  await answer.text();
  await eventually('it is told', () => site.outcomes.length > 0);
  const { kind, failure, cacheStatus: told } = site.outcomes[0] ?? {};
  t.equal(kind, 'failed');
  t.equal(cacheStatus(answer), `fwd=uri-miss; detail=${failure ?? ''}`);
  t.equal(told?.detail, failure);
});

t.test('only-if-cached with no-cache is a reload: the entry has not expired', async (t) => {
  const site = await startSite('unmatched: standard', {
    answer: (_request, response) => {
      response.writeHead(200, { 'Cache-Control': 'max-age=60' });
      response.end('a body');
    },
  });
  t.teardown(() => site.close());
  await (await fetch(`${site.url}/a`)).text();
  const headers = { 'Cache-Control': 'no-cache, only-if-cached' };
  t.equal((await fetch(`${site.url}/a`, { headers })).status, 504);
  await eventually('both are told', () => site.outcomes.length > 1);
  t.equal(site.outcomes[1]?.miss, 'client-reload');
});
