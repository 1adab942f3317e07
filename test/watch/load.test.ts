/** Under load and faults: the counters equal what clients and origin have seen, and causes sum to misses. */
import t from 'tap';
import { startProxy } from '../control/running-proxy.ts';

const rules = `
content_types:
  page: { ttl: 60s, scope: public }
  mine: { ttl: 60s, scope: user }
identity: { credentials: [session] }
routes:
  - { match: GET /page/:id, type: page }
  - { match: GET /mine, type: mine }
  - { match: GET /raw/:id, type: pass }
writes:
  - { match: POST /page/:id, invalidate: ["url:/page/{id}"] }
`;

type Summary = {
  total_hits: number;
  total_misses: number;
  total_writes: number;
  origin: { requests: number; errors: number };
};
type Misses = { total: number; causes: Record<string, number>; routes: { total: number }[] };

/** What is asked for: reads of all kinds, writes between them, some answered badly. */
function planOf(count: number): { path: string; method: string; headers: Record<string, string> }[] {
  return Array.from({ length: count }, (_, n) => {
    const kind = n % 20;
    const method = kind === 7 ? 'POST' : 'GET';
    const path =
      kind < 10
        ? `/page/${n % 6}`
        : kind < 13
          ? '/mine'
          : kind < 15
            ? `/raw/${n % 3}`
            : kind < 17
              ? `/page/fails${n % 4}`
              : '/page/cut';
    const session = kind === 12 ? 'session=a; session=b' : `session=user${n % 3}`;
    return { path, method, headers: path === '/mine' ? { cookie: session } : {} };
  });
}

t.test('hits, misses, writes and origin requests equal the counts of clients and origin', async (t) => {
  let errors = 0;
  const { server, control, requests } = await startProxy(t, {
    rules,
    listener: (request, response) => {
      setTimeout(() => {
        if (request.url?.includes('cut') === true) {
          errors += 1;
          response.writeHead(200, { 'Content-Length': '100', 'Cache-Control': 'max-age=60' });
          response.write('half', () => response.destroy());
          return;
        }
        const fails = request.url?.includes('fails') === true;
        if (fails) errors += 1;
        response.writeHead(fails ? 500 : 200, { 'Cache-Control': 'max-age=60' }).end(request.url);
      }, 2);
    },
  });
  const seen = { hit: 0, other: 0, write: 0 };
  const plan = planOf(1200);
  const worker = async (): Promise<void> => {
    for (let next = plan.pop(); next !== undefined; next = plan.pop()) {
      const { path, ...init } = next;
      const response = await fetch(server.url + path, init);
      // A body that is cut is a miss like any other.
      await response.arrayBuffer().catch(() => undefined);
      const isHit = /shelflife; hit/.test(response.headers.get('cache-status') ?? '');
      seen[init.method === 'POST' ? 'write' : isHit ? 'hit' : 'other'] += 1;
    }
  };
  await Promise.all(Array.from({ length: 24 }, worker));
  const summary = (await (await control('/api/cache/metrics')).json()) as Summary;
  t.equal(summary.total_hits, seen.hit);
  t.equal(summary.total_misses, seen.other);
  t.equal(summary.total_writes, seen.write);
  t.equal(summary.origin.requests, requests.length);
  t.equal(summary.origin.errors, errors);
  t.ok(seen.hit > 300 && seen.other > 200, 'there was enough of both');
  const misses = (await (await control('/api/cache/misses')).json()) as Misses;
  const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);
  t.equal(misses.total, seen.other);
  t.equal(sum(Object.values(misses.causes)), seen.other);
  t.equal(sum(misses.routes.map(({ total }) => total)), seen.other);
  for (const cause of ['cold', 'purged', 'identity', 'pass']) t.ok((misses.causes[cause] ?? 0) > 0, cause);
});
