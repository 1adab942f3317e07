/** Issue 13.8: a changed lifetime applies to stored entries, and removes none. */
import t from 'tap';
import { parseConfig } from '../../src/config/schema/check.ts';
import { eventually } from '../helpers/eventually.ts';
import { closeProxy } from '../helpers/close-proxy.ts';
import { askSite, startOrigin } from '../helpers/instances.ts';
import { redisServer } from '../helpers/redis-server.ts';
import { cacheStatus, startProxy, startSite } from '../helpers/scripted-site.ts';
import { TestClock } from '../helpers/test-clock.ts';

/** Lifetimes in turn; the scope, the tags and what is stored stay. */
const turns = [
  'ttl: { default: 600s }',
  'ttl: { default: 300s, jitter: 0.1 }',
  'ttl: { default: 600s, factors: [{ name: f, factor: 0.5, when: { response_header: { x-tier: free } } }] }',
  'ttl: { default: 600s, hours: [{ name: all, from: "00:00", to: "00:00", factor: 0.7 }] }',
  'ttl: { default: 600s, factors: [{ name: j, factor: 0.5, when: { json: { /paid: false } } }] }',
  'ttl: { default: 600s, min: 200s, max: 500s }',
];
const types = [
  'statuses: { 200: 600s, 404: 60s }',
  'ttl: 400s, statuses: { 200: 400s, 404: 30s }, stale_after: 1s',
  'statuses: { 200: 300s, 404: 60s }, stale_while_revalidate: 30s, refresh_ahead: true',
];

const configOf = (text: string) => {
  const parsed = parseConfig(text, { file: 'test.yaml', env: {}, listen: '127.0.0.1:0' });
  if (parsed.kind === 'problems') throw new Error(JSON.stringify(parsed.problems));
  return parsed.config;
};

t.test('30 reloads that change lifetimes: at least 99 of 100 are hits', async (t) => {
  const rulesAt = (at: number): string => `
${turns[at % turns.length] ?? ''}
content_types: { page: { scope: public, tags: [a], ${types[at % types.length] ?? ''} } }
routes: [{ match: GET /p/:id, type: page }]
`;
  const site = await startSite(rulesAt(0), {
    answer: (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'x-tier': 'free' });
      response.end(JSON.stringify({ paid: false, text: 'some text '.repeat(200) }));
    },
  });
  t.teardown(() => site.close());
  const paths = Array.from({ length: 40 }, (_, at) => `/p/${at}`);
  for (const path of paths) await askSite(site.url + path);
  let [hits, answers, isOver] = [0, 0, false];
  const client = async (from: number): Promise<void> => {
    for (let at = from; !isOver; at += 1) {
      const { fate } = await askSite(site.url + (paths[at % paths.length] ?? ''));
      answers += 1;
      if (fate.startsWith('hit')) hits += 1;
    }
  };
  const clients = Array.from({ length: 4 }, (_, at) => client(at * 10));
  for (let round = 1; round <= 30; round += 1) {
    const enough = answers + 40;
    await eventually('clients are at work', () => answers > enough);
    await site.proxy.replaceConfig(configOf(`upstream: http://127.0.0.1:9\n${rulesAt(round)}`));
  }
  isOver = true;
  await Promise.all(clients);
  t.ok(hits >= answers * 0.99, `${hits} of ${answers}`);
  t.equal(site.seen.length, paths.length, 'each was fetched once');
});

const fateOf = async (url: string): Promise<string> => cacheStatus(await fetch(url));
const page = (ttl: string): string => `
ttl: { jitter: 0 }
content_types: { page: { scope: public, ${ttl} } }
routes: [{ match: GET /p/:id, type: page }]
`;

t.test('a shorter lifetime counts from the time of storing, and so does a longer one', async (t) => {
  const clock = new TestClock();
  const site = await startSite(page('ttl: 600s'), { clock });
  t.teardown(() => site.close());
  const reload = (text: string) =>
    site.proxy.replaceConfig(configOf(`upstream: http://127.0.0.1:9\n${text}`));
  await fetch(`${site.url}/p/1`);
  clock.advance(50);
  await reload(page('ttl: 60s'));
  t.equal(await fateOf(`${site.url}/p/1`), 'hit; ttl=10', 'ten of its sixty seconds are left');
  clock.advance(20);
  await reload(page('ttl: 100s'));
  t.equal(await fateOf(`${site.url}/p/1`), 'hit; ttl=30');
  await reload(page('ttl: 60s, stale_while_revalidate: 15s'));
  t.match(await fateOf(`${site.url}/p/1`), /^hit; ttl=-10/, 'the stale window is the new one');
  await eventually('renewed', () => site.seen.length === 2);
});

t.test('the origin’s limit still applies; a waiting window does not exceed it', async (t) => {
  const clock = new TestClock();
  const site = await startSite(page('ttl: 60s'), {
    clock,
    answer: (_request, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=100, stale-while-revalidate=5', age: '10' });
      response.end('page');
    },
  });
  t.teardown(() => site.close());
  const reload = (text: string) =>
    site.proxy.replaceConfig(configOf(`upstream: http://127.0.0.1:9\n${text}`));
  await fetch(`${site.url}/p/1`);
  await reload(page('ttl: 2h, max: 2h, stale_while_revalidate: 600s'));
  clock.advance(80);
  t.equal(await fateOf(`${site.url}/p/1`), 'hit; ttl=10', 'a hundred less the age of ten it came with');
  clock.advance(16);
  t.match(await fateOf(`${site.url}/p/1`), /^fwd/, 'the origin allows five seconds of staleness');
});

t.test('unknown facts about a stored response make its lifetime shorter, never longer', async (t) => {
  const clock = new TestClock();
  const factors = (list: string): string => `
ttl: { jitter: 0, default: 100s, factors: [${list}] }
content_types: { page: { scope: public, vary: { headers: [x-plan] } } }
routes: [{ match: GET /p/:id, type: page }]
`;
  const paid = (factor: number): string =>
    `{ name: paid, factor: ${factor}, when: { request_header: { x-plan: paid } } }`;
  const site = await startSite(factors(paid(2)), { clock });
  t.teardown(() => site.close());
  const reload = (text: string) =>
    site.proxy.replaceConfig(configOf(`upstream: http://127.0.0.1:9\n${text}`));
  const ask = async (plan: string) =>
    cacheStatus(await fetch(`${site.url}/p/1`, { headers: { 'x-plan': plan } }));
  await Promise.all([ask('paid'), ask('free')]);
  clock.advance(1);
  await reload(factors(paid(3)));
  t.equal(await ask('paid'), 'hit; ttl=299', 'the condition held when it was stored');
  t.equal(await ask('free'), 'hit; ttl=99');
  const other = (factor: number): string =>
    `{ name: other, factor: ${factor}, when: { request_header: { x-plan: free } } }`;
  await reload(factors(other(3)));
  t.equal(await ask('free'), 'hit; ttl=99', 'a longer life is given to nobody who may not have it');
  await reload(factors(other(0.5)));
  t.equal(await ask('paid'), 'hit; ttl=49', 'a shorter one to everybody who may have to');
});

t.test('a fetch in flight during a reload is stored with the new lifetime', async (t) => {
  const clock = new TestClock();
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const site = await startSite(page('ttl: 600s'), {
    clock,
    answer: (_request, response) => void promise.then(() => response.end('page')),
  });
  t.teardown(() => site.close());
  const waiting = [1, 2, 3].map(() => fetch(`${site.url}/p/1`));
  await eventually('asked', () => site.seen.length === 1);
  await site.proxy.replaceConfig(configOf(`upstream: http://127.0.0.1:9\n${page('ttl: 60s')}`));
  resolve(undefined);
  await Promise.all(waiting);
  t.equal(await fateOf(`${site.url}/p/1`), 'hit; ttl=60');
  t.equal(site.seen.length, 1);
});

t.test(
  'instances with old and new lifetimes share entries, each by its own; so does the next process',
  async (t) => {
    const redis = await redisServer(t);
    const origin = await startOrigin(t);
    const text = (ttl: number): string => `
upstream: { url: "${origin.url}", host: upstream }
store: { redis: { url: "${redis.url}", deadline: 5s } }
${page(`cache_control: override, ttl: ${ttl}s`)}`;
    const clocks = { one: new TestClock(), other: new TestClock() };
    const one = await startProxy(text(600), { clock: clocks.one });
    const other = await startProxy(text(60), { clock: clocks.other });
    for (const proxy of [one, other]) t.teardown(() => closeProxy(proxy));
    const stored = async (count: number) =>
      eventually('in Redis', async () => (await redis.client.keys('shelflife:e*')).length === count);
    await fateOf(`${one.url}/p/1`);
    await stored(1);
    t.equal(await fateOf(`${other.url}/p/1`), 'hit; ttl=60', 'the new rule for what the old one stored');
    await fateOf(`${other.url}/p/2`);
    await stored(2);
    t.equal(await fateOf(`${one.url}/p/2`), 'hit; ttl=600', 'the old rule until it has read the file');
    await one.replaceConfig(configOf(text(60)));
    for (const path of ['/p/1', '/p/2']) t.equal(await fateOf(one.url + path), 'hit; ttl=60');
    t.equal(origin.seen.length, 2);
    await closeProxy(one);
    const next = await startProxy(text(90), { clock: clocks.other });
    t.teardown(() => next.close());
    t.equal(await fateOf(`${next.url}/p/1`), 'hit; ttl=90');
    t.equal(origin.seen.length, 2);
  },
);
