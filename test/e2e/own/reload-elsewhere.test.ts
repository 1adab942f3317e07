/**
 * One instance has reloaded a changed file, another has not yet. From then on neither gives what was stored by the old rule,
 * and what the other still stores by it is never given by a reloaded or later instance.
 */
import t from 'tap';
import { parseConfig } from '../../../src/config/schema/check.ts';
import { eventually } from '../../helpers/eventually.ts';
import { closeProxy } from '../../helpers/close-proxy.ts';
import { askSite, startOrigin } from '../../helpers/instances.ts';
import { redisServer } from '../../helpers/redis-server.ts';
import { startProxy } from '../../helpers/scripted-site.ts';

// They wait more than they work.
t.jobs = 3;

type Tap = Parameters<typeof redisServer>[0];
type Change = { readonly before: string; readonly after: string };

const common = 'scope: public, cache_control: override';

const changes: Readonly<Record<string, Change>> = {
  'a route becomes pass': { before: `page: { ttl: 600s, ${common} }`, after: '' },
  'a scope becomes user': {
    before: `page: { ttl: 600s, ${common} }`,
    after: 'page: { ttl: 600s, scope: user, cache_control: override }',
  },
  'a tag is added': {
    before: `page: { ttl: 600s, ${common} }`,
    after: `page: { ttl: 600s, ${common}, tags: ["page:{id}"] }`,
  },
  'the origin is obeyed': {
    before: `page: { ttl: 600s, ${common} }`,
    after: 'page: { ttl: 600s, scope: public, cache_control: obey }',
  },
  'some answers are not to be stored': {
    before: `page: { ttl: 600s, ${common} }`,
    after: `page: { ttl: 600s, ${common}, unless: { body_contains: sorry } }`,
  },
};

async function reloadOne(t: Tap, { before, after }: Change): Promise<void> {
  const redis = await redisServer(t);
  const origin = await startOrigin(t);
  let count = 0;
  origin.answerWith((_request, response) => {
    count += 1;
    response.writeHead(200, { 'cache-control': 'max-age=300' }).end(String(count));
  });
  const textOf = (types: string): string => `
upstream: ${origin.url}
store: { coherence: strict, lag: 300ms, redis: { url: "${redis.url}", deadline: 5s } }
identity: { credentials: [session] }
content_types: { ${types} }
routes:
  - { match: GET /p/:id, type: ${types === '' ? 'pass' : 'page'} }
`;
  const configOf = (types: string) => {
    const parsed = parseConfig(textOf(types), { file: 'test.yaml', env: {}, listen: '127.0.0.1:0' });
    if (parsed.kind === 'problems') throw new Error(JSON.stringify(parsed.problems));
    return parsed.config;
  };
  const [one, other] = [await startProxy(textOf(before)), await startProxy(textOf(before))];
  for (const proxy of [one, other]) t.teardown(() => closeProxy(proxy));
  const ask = async (url: string, path: string) => (await askSite(url + path)).text;
  /** Asks, and waits until what came is in Redis. */
  const fill = async (url: string, path: string): Promise<string> => {
    const before = (await redis.client.keys('shelflife:e*')).length;
    const text = await ask(url, path);
    await eventually('stored', async () => (await redis.client.keys('shelflife:e*')).length > before);
    return text;
  };
  const old = new Set([await fill(one.url, '/p/1')]);
  t.ok(old.has(await ask(other.url, '/p/1')), 'both have it');

  await one.replaceConfig(configOf(after));
  t.notOk(old.has(await ask(one.url, '/p/1')), 'where the file was read again');
  t.notOk(old.has(await ask(other.url, '/p/1')), 'where it was not');
  old.add(await fill(other.url, '/p/2'));
  t.notOk(old.has(await ask(one.url, '/p/2')), 'what is still stored by the old rule');

  await other.replaceConfig(configOf(after));
  const third = await startProxy(textOf(after));
  t.teardown(() => closeProxy(third));
  for (const { url } of [one, other, third]) {
    for (const path of ['/p/1', '/p/2']) t.notOk(old.has(await ask(url, path)), 'when all have read it');
  }
}

for (const [name, change] of Object.entries(changes)) t.test(name, (t) => reloadOne(t, change));
