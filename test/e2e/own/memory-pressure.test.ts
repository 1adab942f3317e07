/**
 * Many more and larger bodies than memory holds: the process stays within its bound, every answer is right, and Redis has the
 * rest.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { askSite, startOrigin } from '../../helpers/instances.ts';
import { redisServer } from '../../helpers/redis-server.ts';
import { startServing } from '../../helpers/serving.ts';

const memoryMb = 16;
const pages = 120;
const pageBytes = 400_000;

const rules = (upstream: string, redisUrl: string): string => `
upstream: { url: "${upstream}" }
store: { memory: ${memoryMb}MB, redis: { url: "${redisUrl}", deadline: 5s } }
content_types:
  page: { ttl: 600s, scope: public, cache_control: override }
routes:
  - { match: GET /p/:id, type: page }
`;

/** Hard to compress, as pictures in pages are. */
const noise = randomBytes(pageBytes).toString('base64');

/** A page's own text: from somewhere else in the noise for each. */
function pageOf(path: string): string {
  const from = Number(path.replace(/\D/g, '')) * 97;
  return `${path} ${noise.slice(from)}${noise.slice(0, from)}`.slice(0, pageBytes);
}

const residentMb = (pid: number): number =>
  Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024;

t.test('many large pages with a small memory and Redis', async (t) => {
  const redis = await redisServer(t, '--maxmemory', '256mb', '--maxmemory-policy', 'allkeys-lru');
  const origin = await startOrigin(t);
  origin.answerWith((request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end(pageOf(request.url ?? ''));
  });
  const { site, pid, state, end } = await startServing(t, rules(origin.url, redis.url));
  const wrong: string[] = [];
  const fates = new Map<string, number>();
  let next = 0;
  let most = 0;
  const client = async (): Promise<void> => {
    while (next < pages * 3) {
      const path = `/p/${(next * 7) % pages}`;
      next += 1;
      const { status, text, fate } = await askSite(site + path);
      if (status !== 200 || text !== pageOf(path)) wrong.push(`${path} ${status}`);
      const [kind = ''] = fate.split(/[;=]/);
      fates.set(kind, (fates.get(kind) ?? 0) + 1);
      if (next % 10 === 0) most = Math.max(most, residentMb(pid));
    }
  };
  await Promise.all(Array.from({ length: 4 }, client));
  t.comment({ most, fates, origin: origin.seen.length });
  t.strictSame(wrong, []);
  t.ok(most < memoryMb + 150, `${most.toFixed(0)} MB at most`);
  t.ok((fates.get('hit') ?? 0) > pages, 'Redis has what memory has not');
  t.equal((await state()).redis, 'up');
  t.equal(await end('SIGTERM'), 0);
});
