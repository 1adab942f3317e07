/**
 * Redis fails in many ways behind a running `serve`: no request fails, none waits longer than the deadline, and hardly any
 * waits once Redis is known to be away. Redis is used again when it is back, and little is logged.
 */
import t from 'tap';
import { eventually } from '../../helpers/eventually.ts';
import { type FaultyLink, faultyLink } from '../../helpers/faulty-link.ts';
import { askSite, startOrigin } from '../../helpers/instances.ts';
import { type RedisServer, redisServer } from '../../helpers/redis-server.ts';
import { startServing } from '../../helpers/serving.ts';

const deadlineMs = 200;
/** What a busy machine adds to a request, at worst. */
const slackMs = 3000;

const rules = (upstream: string, redisUrl: string): string => `
upstream: ${upstream}
store: { lag: 500ms, redis: { url: "${redisUrl}", deadline: ${deadlineMs}ms } }
content_types:
  page: { ttl: 600s, scope: public, cache_control: override, tags: ["page:{id}"] }
routes:
  - { match: GET /p/:id, type: page }
writes:
  - { match: "PUT /p/:id", invalidate: ["page:{id}"] }
`;

type Parts = { readonly redis: RedisServer; readonly link: FaultyLink };
type Fault = {
  readonly begin: (parts: Parts) => unknown;
  readonly end: (parts: Parts) => unknown;
  /** Whether it shows as Redis being away. */
  readonly isAway: boolean;
};

const linkFault = (mode: FaultyLink['mode']): Fault => ({
  begin: ({ link }) => (link.mode = mode),
  end: ({ link }) => (link.mode = 'pass'),
  isAway: true,
});

const faults: Readonly<Record<string, Fault>> = {
  killed: { begin: ({ redis }) => redis.kill(), end: ({ redis }) => redis.start(), isAway: true },
  frozen: {
    begin: ({ redis }) => {
      redis.freeze();
    },
    end: ({ redis }) => {
      redis.thaw();
    },
    isAway: true,
  },
  'half a second slow': linkFault('slow'),
  'dropping everything': linkFault('blackhole'),
  'resetting connections': linkFault('reset'),
  'full, with noeviction': {
    begin: ({ redis }) => redis.client.config('SET', 'maxmemory', '1'),
    end: ({ redis }) => redis.client.config('SET', 'maxmemory', '0'),
    isAway: false,
  },
  flushed: { begin: ({ redis }) => redis.client.flushall(), end: () => undefined, isAway: false },
};

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

t.test('on one proxy', async (t) => {
  const redis = await redisServer(t);
  const link = await faultyLink(t, redis.port);
  const origin = await startOrigin(t);
  const versions = new Map<string, number>();
  origin.answerWith(({ method, url = '' }, response) => {
    if (method === 'PUT') versions.set(url, (versions.get(url) ?? 0) + 1);
    response.end(`${url} ${versions.get(url) ?? 0}`);
  });
  const { site, lines, state, end } = await startServing(t, rules(origin.url, link.url));
  const isUp = async () => (await state()).redis === 'up';
  let pages = 0;
  /** Asks for pages nobody has asked for, a few at a time, and writes to one and reads it back; how long each took. */
  const ask = async (count: number): Promise<number[]> => {
    const took: number[] = [];
    const one = async (): Promise<void> => {
      pages += 1;
      const path = `/p/${pages % 5 === 0 ? 'written' : pages}`;
      if (pages % 5 === 0) {
        const written = await askSite(site + path, { method: 'PUT' });
        if (written.status !== 200) t.fail(`a write was answered with ${written.status}`);
      }
      const atLeast = versions.get(path) ?? 0;
      const { status, text, tookMs } = await askSite(site + path);
      const [name, version] = text.split(' ');
      if (status !== 200 || name !== path || Number(version) < atLeast) t.fail(`${path}: ${status} ${text}`);
      took.push(tookMs);
    };
    for (let at = 0; at < count; at += 4) await Promise.all([one(), one(), one(), one()]);
    return took;
  };

  for (const [name, { begin, end, isAway }] of Object.entries(faults)) {
    await t.test(name, async (t) => {
      await eventually('Redis is used', isUp);
      await ask(8);
      const before = lines.length;
      const startedMs = performance.now();
      await begin({ redis, link });
      const slowest = Math.max(...(await ask(16)));
      t.ok(slowest < deadlineMs + slackMs, `at first none waits longer than the deadline: ${slowest} ms`);
      if (isAway) {
        t.ok((await eventually('known', async () => !(await isUp()))) < 2000 + slackMs, 'known within 2 s');
        t.ok(median(await ask(40)) < deadlineMs, 'then none waits for it');
      } else await ask(40);
      t.equal((await askSite(`${site}/p/written`)).status, 200);
      await end({ redis, link });
      t.ok((await eventually('taken up', isUp)) < 5000 + slackMs, 'taken up again within 5 s');
      await ask(8);
      const told = lines.slice(before).filter(({ msg }) => msg !== 'request').length;
      const seconds = (performance.now() - startedMs) / 1000;
      t.ok(told <= 4 + 4 * seconds, `${told} lines in ${seconds.toFixed(1)} s`);
    });
  }
  t.equal(await end('SIGTERM'), 0);
});
