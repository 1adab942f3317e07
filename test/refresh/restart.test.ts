import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { dice, simulatedSite } from './simulated-site.ts';

const urls = 500;
const perSecond = 100;
const step = 0.01;

const rules = (onStart: string): string => `
content_types: { page: { ttl: 600s, scope: public, cache_control: override } }
routes: [{ match: GET /p/:id, type: page }]
listen: { address: 127.0.0.1:8080, hosts: [www.example.org] }
warm: { concurrency: 4, on_start: { ${onStart} } }
`;

/** As pages of a site are asked for: a few very often, most hardly ever. */
function zipf(seed: number): () => number {
  const draw = dice(seed);
  const weights = Array.from({ length: urls }, (_, rank) => 1 / (rank + 1) ** 1.5);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return () => {
    let left = draw() * total;
    return Math.max(
      0,
      weights.findIndex((weight) => (left -= weight) <= 0),
    );
  };
}

type Site = ReturnType<typeof simulatedSite>;

/** The hit rate of a stretch of time. */
async function hitRate(site: Site, next: () => number, seconds: number): Promise<number> {
  site.outcomes.length = 0;
  for (let passed = 0; passed < seconds; passed += step) {
    for (let request = 0; request < perSecond * step; request += 1) site.ask(`/p/${next()}`);
    await site.timers.advance(step, step);
    if (Math.floor(passed) !== Math.floor(passed + step)) site.refresh.tick();
  }
  return site.outcomes.filter(({ kind }) => kind === 'hit').length / site.outcomes.length;
}

/** A process that begins with an empty store; its warm-up is over when this resolves. */
async function begin(onStart: string, popularFile: string): Promise<Site> {
  const site = simulatedSite(rules(onStart), { popularFile });
  const state = { isOver: false };
  void site.refresh.start({ skipWarmUp: false }).then(() => {
    state.isOver = true;
  });
  while (!state.isOver) await site.timers.advance(step, step);
  return site;
}

t.test('after a restart the first seconds have nearly the same hit rate as before', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'shelflife-restart-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const file = join(directory, 'popular.json');
  const first = await begin('popular: 100', file);
  const next = zipf(5);
  await hitRate(first, next, 60);
  const before = await hitRate(first, next, 10);
  await first.refresh.close();

  const warm = await begin('popular: 100', file);
  const after = await hitRate(warm, next, 10);
  await warm.refresh.close();
  const list = Array.from({ length: 100 }, (_, rank) => `/p/${rank}`).join(', ');
  const listed = await begin(`urls: [${list}]`, join(directory, 'none.json'));
  const withList = await hitRate(listed, next, 10);
  await listed.refresh.close();
  const cold = await begin('popular: 0', join(directory, 'nothing.json'));
  const without = await hitRate(cold, next, 10);
  await cold.refresh.close();
  t.comment({ before, after, withList, without });
  t.ok(after >= before - 0.05, `${after} after ${before}`);
  t.ok(without < before - 0.05, 'which is not so by itself');
});
