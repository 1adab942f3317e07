/** `store.redis.fill_lock`: a cold page is fetched once through two proxies, even if an instance dies. */
import t, { type Test } from 'tap';
import { fileOf, serve } from '../cli/command.ts';
import { eventually } from '../helpers/eventually.ts';
import { askSite, type Instances, startInstances } from '../helpers/instances.ts';

// They wait more than they work.
t.jobs = 2;

const configOf = ({ upstream, redisUrl }: { upstream: string; redisUrl: string }) => `
upstream: ${upstream}
store: { redis: { url: "${redisUrl}", deadline: 5s, fill_lock: true } }
content_types:
  page: { ttl: 600s, scope: public, cache_control: override }
routes:
  - { match: GET /p/:id, type: page }
`;

/** Many ask both at once for what neither has. */
async function rushOf(t: Test, tookMs: number, clients: number): Promise<Instances> {
  const instances = await startInstances(t, configOf);
  instances.origin.answerWith((_request, response) => setTimeout(() => response.end('slow'), tookMs));
  const asked = instances.proxies.flatMap(({ url }) =>
    Array.from({ length: clients / 2 }, () => askSite(`${url}/p/cold`)),
  );
  for (const { text } of await Promise.all(asked)) if (text !== 'slow') t.fail(text);
  return instances;
}

t.test('500 requests for one cold page make one fetch, also if it is slow', async (t) => {
  t.equal((await rushOf(t, 300, 500)).origin.seen.length, 1);
});

t.test(
  'fifty for one that takes longer to fetch than a lease lives without renewal make one, too',
  async (t) => {
    t.equal((await rushOf(t, 5000, 50)).origin.seen.length, 1);
  },
);

t.test('a leader that dies or hangs is replaced', async (t) => {
  const { origin, redis, proxies } = await startInstances(t, configOf);
  origin.answerWith((request, response) => {
    // What a leader asks is never answered.
    const asked = origin.seen.filter((seen) => seen === `GET ${request.url ?? ''}`);
    if (asked.length > 1) response.end(request.url);
  });
  const config = configOf({ upstream: origin.url, redisUrl: redis.url });
  const outlive = async (path: string, signal: NodeJS.Signals): Promise<number> => {
    const leader = await serve(t, ['-c', fileOf(t, config)]);
    t.teardown(() => leader.process.kill('SIGKILL'));
    const startedMs = performance.now();
    askSite(`${leader.site}${path}`).catch(() => undefined);
    await eventually('the leader asks', () => origin.seen.includes(`GET ${path}`));
    leader.process.kill(signal);
    const { text } = await askSite(`${proxies[0]?.url ?? ''}${path}`);
    t.equal(text, path);
    return performance.now() - startedMs;
  };
  const waited = await Promise.all([outlive('/p/dead', 'SIGKILL'), outlive('/p/stuck', 'SIGSTOP')]);
  t.ok(Math.max(...waited) < 60_000, waited.join(' '));
  t.ok(Math.min(...waited) > 500, 'it has waited for the lease to end');
});
