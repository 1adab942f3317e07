/**
 * `POST /purge` does what its receipt says, by every selector.
 */
import t from 'tap';
import { type Running, startProxy } from './running-proxy.ts';

const rules = `
content_types:
  page: { scope: user, ttl: 60s, cache_control: override, query: { only: [page, sort] }, tags: ["page:{id}"], stale_while_revalidate: 60s }
  asset: { scope: public, ttl: 60s }
routes:
  - { match: "GET /p/:id", type: page }
  - { match: "GET /a/*", type: asset }
`;
const ann = { cookie: 'session=ann' };
const bob = { cookie: 'session=bob' };

const isHit = async (running: Running, path: string, headers?: Record<string, string>): Promise<boolean> =>
  /; hit/.test((await running.get(path, headers)).headers.get('cache-status') ?? '');

/** Stores six responses. */
async function filled(t: Parameters<typeof startProxy>[0]): Promise<Running> {
  const running = await startProxy(t, { rules });
  for (const path of ['/p/1', '/p/2?sort=x&page=3&utm=y', '/a/one', '/a/two']) await running.get(path, ann);
  await running.get('/p/1', bob);
  await running.get('/plain', ann);
  return running;
}

const all: readonly (readonly [path: string, headers: Record<string, string>])[] = [
  ['/p/1', ann],
  ['/p/2?sort=x&page=3', ann],
  ['/a/one', ann],
  ['/a/two', ann],
  ['/p/1', bob],
  ['/plain', ann],
];

/** Which of the six are still there. */
async function left(running: Running): Promise<string> {
  let marks = '';
  for (const [path, headers] of all) marks += (await isHit(running, path, headers)) ? 'x' : '-';
  return marks;
}

const cases: readonly (readonly [what: string, body: object, matched: number, left: string])[] = [
  ['a path, on every host and for everybody', { urls: ['/p/1'] }, 2, '-xxx-x'],
  ['a path in another spelling', { urls: ['/p/./%31'] }, 2, '-xxx-x'],
  [
    'a query in another order, with what the rule ignores',
    { urls: ['/p/2?utm=other&page=3&sort=x'] },
    1,
    'x-xxxx',
  ],
  ['an absolute URL of another host', { urls: ['http://example.org/p/1'] }, 0, 'xxxxxx'],
  ['a tag', { tags: ['page:1'] }, 2, '-xxx-x'],
  ['a type', { types: ['asset'] }, 2, 'xx--xx'],
  ['HTTP’s own rules', { types: ['standard'] }, 1, 'xxxxx-'],
  ['a prefix', { prefixes: ['/p/'] }, 3, '--xx-x'],
  ['the start of a name', { prefixes: ['/a/o'] }, 1, 'xx-xxx'],
  ['several at once', { urls: ['/plain'], tags: ['page:2'] }, 2, 'x-xxx-'],
  ['everything', { everything: true }, 6, '------'],
  ['a dry run of everything', { everything: true, dry_run: true }, 6, 'xxxxxx'],
];

for (const [what, body, matched, expected] of cases) {
  t.test(`purges by ${what}`, async (t) => {
    const running = await filled(t);
    const { status, body: receipt } = await running.purge(body);
    t.equal(status, 200);
    t.match(receipt, { matched, instances: { known: 1, acknowledged: 1 }, took_ms: Number });
    t.equal(receipt['warning'], matched === 0 ? 'nothing matched' : undefined);
    t.equal(await left(running), expected);
  });
}

t.test('purges an absolute URL on its own host, default port and case aside', async (t) => {
  const running = await filled(t);
  const { host } = new URL(running.server.url);
  t.match((await running.purge({ urls: [`http://${host}/p/1`] })).body, { matched: 2 });
  t.match((await running.purge({ prefixes: [`HTTP://${host}/a`] })).body, { matched: 2 });
  t.equal(await left(running), '-x---x');
});

t.test(
  'purges a user by the partition that /entries prints, entries of HTTP’s own rules included',
  async (t) => {
    const running = await filled(t);
    const response = await running.control('/entries?url=/plain');
    const { entries } = (await response.json()) as { entries: { partition: string }[] };
    t.match((await running.purge({ users: [entries[0]?.partition] })).body, { matched: 3 });
    t.equal(await left(running), '--xxx-');
  },
);

t.test('a second purge matches nothing; a soft purge lets the entry be given stale', async (t) => {
  const running = await filled(t);
  t.match((await running.purge({ tags: ['page:1'], soft: true })).body, { matched: 2 });
  t.match((await running.get('/p/1', ann)).headers.get('cache-status'), 'hit');
  t.match((await running.purge({ tags: ['page:2'] })).body, { matched: 1 });
  t.match((await running.purge({ tags: ['page:2'] })).body, { matched: 0, warning: 'nothing matched' });
});

t.test('if the key has the origin’s host, an absolute URL of any host matches', async (t) => {
  const running = await startProxy(t, { rules });
  const { config } = running.server.services.site();
  await running.server.replaceConfig({ ...config, upstream: { ...config.upstream, host: 'upstream' } });
  await running.get('/a/one');
  t.match((await running.purge({ urls: ['http://www.example.org/a/one'] })).body, { matched: 1 });
});

t.test('a URL that no client could request is refused, and nothing is purged', async (t) => {
  const running = await filled(t);
  const urls = [
    'a',
    'ftp://h/a',
    '/a\\b',
    '/a%zz',
    '/a b',
    '/a#b',
    'http:///a',
    'http://u@h/',
    '*',
    '/\ud800',
  ];
  for (const url of urls) t.equal((await running.purge({ urls: [url], everything: true })).status, 400, url);
  const prefixes = ['a', '/a/../', '/%2', 'http://', '/a b'];
  for (const prefix of prefixes) t.equal((await running.purge({ prefixes: [prefix] })).status, 400, prefix);
  t.equal((await running.purge('{"everything":true}', { 'content-type': 'text/plain' })).status, 400);
  t.equal((await running.purge('{')).status, 400);
  t.equal(await left(running), 'xxxxxx');
});

t.test('a prefix may be written in any script, as a URL may', async (t) => {
  const running = await startProxy(t);
  const { host } = new URL(running.server.url);
  for (const prefix of ['/נושאים/', `http://${host}/נושאים/`, '/%d7%A0ושאים/']) {
    await running.get('/נושאים/א');
    t.match(await running.purge({ prefixes: [prefix] }), { status: 200, body: { matched: 1 } }, prefix);
  }
  t.equal((await running.purge({ prefixes: ['/\ud800'] })).status, 400);
});

t.test('a body that is too large is refused', async (t) => {
  const running = await startProxy(t);
  t.equal((await running.purge({ tags: ['x'.repeat(1_100_000)] })).status, 413);
});

t.test('every purge is in the log, without queries and with users as digests', async (t) => {
  const running = await filled(t);
  await running.purge({ urls: ['/p/1?key=geheim'], users: ['ann@example.org'], tags: ['page:1'] });
  const [line] = running.logged.filter(({ msg }) => msg === 'control: purge');
  t.match(line, { urls: ['/p/1?…'], tags: ['page:1'], receipt: { matched: 2 }, address: '127.0.0.1' });
  t.notMatch(JSON.stringify(running.logged), /geheim|ann@example/);
});
