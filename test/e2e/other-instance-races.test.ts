/**
 * A write at one instance while another is fetching, renewing, validating, waiting or warming. After the write's answer
 * (`strict`), or within `lag` (`bounded`), the other never gives the old version, and its requests in flight do not bring it
 * back at any instance.
 */
import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import type { WarmRequest } from '../../src/refresh/warm.ts';
import type { RunningServer } from '../../src/server.ts';
import { eventually } from '../helpers/eventually.ts';
import { askSite, type Instances, isIdle, startInstances } from '../helpers/instances.ts';
import { testWorkers } from '../helpers/as-workers.ts';
import { barrier } from '../helpers/scripted-site.ts';

// They wait more than they work.
t.jobs = 3;

const lagMs = 400;

const rules =
  (coherence: string) =>
  ({ upstream, redisUrl }: { upstream: string; redisUrl: string }) => `
upstream: ${upstream}
store: { lag: ${lagMs}ms, coherence: ${coherence}, redis: { url: "${redisUrl}", deadline: 5s } }
content_types:
  page: { ttl: 600s, scope: public, cache_control: override }
  renewed: { ttl: 600s, scope: public, stale_while_revalidate: 600s }
  validated: { ttl: 600s, scope: public }
routes:
  - { match: GET /page/:id, type: page, tags: ["p:{id}"] }
  - { match: GET /renewed/:id, type: renewed, tags: ["p:{id}"] }
  - { match: GET /validated/:id, type: validated, tags: ["p:{id}"] }
writes:
  - { match: "PUT /api/:id", invalidate: ["p:{id}"] }
`;

/** An origin whose answer to the next GET is held back; `PUT` makes its version 2. */
function heldOrigin({ origin }: Instances) {
  const arrived = barrier();
  const release = barrier();
  const state = { version: 1, holds: false };
  const answer = (response: ServerResponse, version: number, isSame: boolean): void => {
    // Stale at once, where the rule obeys.
    const fields = { etag: `"${version}"`, 'content-type': 'text/plain', 'cache-control': 'max-age=0' };
    response.writeHead(isSame ? 304 : 200, fields);
    response.end(isSame ? undefined : `version ${version}`);
  };
  origin.answerWith((request, response) => {
    if (request.method === 'PUT') {
      state.version = 2;
      response.end('written');
      return;
    }
    const { version } = state;
    const isSame = request.headers['if-none-match'] === `"${version}"`;
    if (!state.holds) {
      answer(response, version, isSame);
      return;
    }
    state.holds = false;
    arrived.arrive();
    void release.reached.then(() => {
      answer(response, version, isSame);
    });
  });
  return { state, arrived: arrived.reached, release: release.arrive };
}

type Race = {
  readonly path: string;
  /** What is stored, everywhere, before it begins. */
  readonly isStored: boolean;
  /** Makes the other instance ask the origin; resolves when whoever waits for that has been answered. */
  readonly begin: (url: string, instances: Instances) => Promise<unknown>;
};

const races: Readonly<Record<string, Race>> = {
  'a fetch': { path: '/page/1', isStored: false, begin: (url) => askSite(url) },
  'a renewal in the background': { path: '/renewed/1', isStored: true, begin: (url) => askSite(url) },
  'a validation that ends in 304': { path: '/validated/1', isStored: true, begin: (url) => askSite(url) },
  'twenty requests waiting for one fetch': {
    path: '/page/1',
    isStored: false,
    begin: (url) => Promise.all(Array.from({ length: 20 }, () => askSite(url))),
  },
  'a warm-up': {
    path: '/page/1',
    isStored: false,
    begin: async (_url, { proxies }) => {
      const summary = await warm(proxies[1], { urls: ['/page/1'], popular: 0 });
      if (typeof summary !== 'object' || summary.failed > 0) throw new Error('not warmed');
    },
  },
};

type Warmed = { readonly failed: number } | 'busy' | undefined;

async function warm(proxy: RunningServer | undefined, request: WarmRequest): Promise<Warmed> {
  if (testWorkers() === undefined) return proxy?.refresh.warm(request);
  const headers = { 'content-type': 'application/json' };
  const told = { method: 'POST', headers, body: JSON.stringify(request) };
  return (await (await fetch(`${String(proxy?.controlUrl)}/warm`, told)).json()) as Warmed;
}

async function race(
  t: Parameters<typeof startInstances>[0],
  coherence: string,
  { path, isStored, begin }: Race,
) {
  const instances = await startInstances(t, rules(coherence));
  const { proxies, origin, join } = instances;
  const [here = '', there = ''] = proxies.map(({ url }) => url);
  const { state, arrived, release } = heldOrigin(instances);
  // A name that people use, for what is warmed, at each worker; a page of its own.
  await Promise.all([askSite(`${there}/page/other`), askSite(`${there}/page/other`)]);
  if (isStored) for (const url of [here, there]) await askSite(url + path);
  const before = origin.seen.length;
  state.holds = true;
  const begun = begin(there + path, instances);
  await Promise.race([arrived, begun.then(() => arrived)]);
  t.equal((await askSite(`${here}/api/1`, { method: 'PUT' })).text, 'written');
  const sees = async (url: string) => (await askSite(url + path)).text === 'version 2';
  // A request that comes before the purge is heard joins the held fetch: after a second another one is made.
  const seesSoon = (url: string) => Promise.race([sees(url), delay(1000, false)]);
  if (coherence === 'strict') t.ok(await sees(there), 'there, at once');
  else t.ok((await eventually('seen there', () => seesSoon(there))) < 20_000, 'there, by itself');
  t.ok(await sees(here), 'here');
  release();
  await begun;
  await eventually('it is over', async () => (await Promise.all(proxies.map(isIdle))).every(Boolean));
  for (const url of [there, here]) t.ok(await sees(url), 'what came late did not take its place');
  const third = await join();
  t.ok(await sees(third.url), 'nor does it reach an instance that comes later');
  t.ok(origin.seen.length > before);
}

for (const coherence of ['strict', 'bounded']) {
  for (const [name, given] of Object.entries(races)) {
    t.test(`${coherence}: a write at another instance during ${name}`, (t) => race(t, coherence, given));
  }
}
