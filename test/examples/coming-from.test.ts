/** docs/coming-from.md: each row does here what it does there. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { fileOf, run, token } from '../cli/command.ts';
import { eventually } from '../helpers/eventually.ts';
import { askSite, startInstances } from '../helpers/instances.ts';
import { cacheStatus, type Site, startSite } from '../helpers/scripted-site.ts';
import { TestClock } from '../helpers/test-clock.ts';

/** A request and the `Cache-Status` of its answer; or what happens between two requests. */
type Step =
  | readonly [path: string, status: RegExp, init?: RequestInit]
  | { readonly advance: number }
  | { readonly fails: true }
  | { readonly purge: object }
  | { readonly then: (t: Test, played: Played) => unknown };
type Play = { readonly fields?: Record<string, string>; readonly steps: readonly Step[] };
type Played = { readonly site: Site; readonly last: Response };

const [miss, hit, passed, stale] = [/^fwd=(?:uri-miss|stale)/, /^hit; ttl=\d/, /^fwd=bypass/, /^hit; ttl=-/];
const as = (cookie: string): RequestInit => ({ headers: { cookie } });
const isGone = (name: string): Step => ({
  then: (t, { last }) => t.equal(last.headers.get(name), null, `${name} is removed`),
});
const twice: Step[] = [
  ['/a', miss],
  ['/a', hit],
];
const lives = (seconds: number): Step[] => [
  ...twice,
  { advance: seconds - 10 },
  ['/a', hit],
  { advance: 20 },
  ['/a', miss],
];
const keyIgnores = (query: string): Step[] => [
  [`/a?${query}=1`, miss],
  [`/a?${query}=2`, hit],
  ['/a?page=2', miss],
];
const onError: Step[] = [['/a', miss], { advance: 310 }, { fails: true }, ['/a', /stale-if-error/]];
const whileRenewed: Step[] = [
  ['/a', miss],
  { advance: 310 },
  ['/a', stale],
  {
    then: async (_, { site }) => {
      await eventually('renewed', async () => hit.test(cacheStatus(await fetch(`${site.url}/a`))));
    },
  },
];
const tagged = (name: string): Play => ({
  fields: { [name]: 'one', 'Cache-Control': 'max-age=60' },
  steps: [...twice, { purge: { tags: ['two'] } }, ['/a', hit], { purge: { tags: ['one'] } }, ['/a', miss]],
});
const removed = (play: Play): Play => ({
  ...play,
  steps: [...play.steps, isGone(Object.keys(play.fields ?? {})[0] ?? '')],
});
const lifetime = (name: string, value: string): Play => ({
  fields: { [name]: value, 'Cache-Control': 'no-store' },
  steps: lives(60),
});
const overridden: Play = { fields: { 'Cache-Control': 'no-store' }, steps: lives(300) };
const onlyPurges: Play = {
  steps: [
    {
      then: async (t, { site }) => {
        const ask = (path: string, init?: RequestInit) =>
          fetch(`${site.proxy.controlUrl}${path}`, { ...init, headers: { authorization: `Bearer ${cms}` } });
        t.equal((await ask('/service/x/purge/one', { method: 'POST' })).status, 200);
        t.equal((await ask('/entries?url=/a')).status, 403);
      },
    },
  ],
};
const bothStored: Play = {
  steps: [...twice, ['/missing', miss], ['/missing', hit], { advance: 70 }, ['/missing', miss], ['/a', hit]],
};
const isCollapsed: Step = {
  then: async (t, { site }) => {
    const before = site.seen.length;
    await Promise.all(Array.from({ length: 5 }, async () => (await fetch(`${site.url}/many`)).text()));
    t.equal(site.seen.length, before + 1, 'one fetch for five');
  },
};

const plays: Readonly<Record<string, Play>> = {
  'proxy_cache_valid 200 5m': { steps: [...lives(300), ['/missing', miss], ['/missing', miss]] },
  'X-Accel-Expires of the app': lifetime('X-Accel-Expires', '60'),
  'proxy_ignore_headers Cache-Control Expires': overridden,
  'proxy_ignore_headers Set-Cookie': {
    fields: { 'Set-Cookie': 'a=1' },
    steps: [...twice, isGone('set-cookie')],
  },
  'proxy_cache_key without some arguments': { steps: keyIgnores('utm_source') },
  'proxy_cache_use_stale error timeout': { steps: onError },
  'proxy_cache_use_stale updating with proxy_cache_background_update': { steps: whileRenewed },
  'proxy_cache_bypass $cookie_x, proxy_no_cache': {
    fields: { 'Cache-Control': 'max-age=60' },
    steps: [...twice, ['/a?no_cache=1', passed], ['/a?no_cache=1', passed]],
  },
  proxy_cache_lock: { fields: { 'Cache-Control': 'max-age=60' }, steps: [isCollapsed] },
  'keys_zone=cache:64m': {
    fields: { 'Cache-Control': 'max-age=60' },
    steps: [
      ...twice,
      { then: (t, { site }) => t.equal(site.proxy.services.site().config.store.memoryBytes, 64 * 1024 ** 2) },
    ],
  },
  xkey: tagged('xkey'),
  'beresp.ttl in vcl_backend_response': overridden,
  'beresp.grace': {
    steps: [...whileRenewed, { advance: 400 }, { fails: true }, ['/a', /stale-if-error/]],
  },
  'return (pass) in vcl_recv': {
    steps: [
      ['/admin/x', passed],
      ['/admin/x', passed],
    ],
  },
  'unset req.http.Cookie': {
    steps: [
      ['/a', miss, as('session=1')],
      ['/a', hit, as('session=2')],
      { then: (t, { site }) => t.equal(site.requests[0]?.headers.cookie, undefined) },
    ],
  },
  'return (purge) with an ACL': onlyPurges,
  'ban by tag or prefix': {
    fields: { 'Cache-Control': 'max-age=60' },
    steps: [
      ...twice,
      { purge: { prefixes: ['/b'] } },
      ['/a', hit],
      { purge: { prefixes: ['/a'] } },
      ['/a', miss],
    ],
  },
  'Surrogate-Key': removed(tagged('Surrogate-Key')),
  'Surrogate-Control': removed(lifetime('Surrogate-Control', 'max-age=60')),
  'API tokens with the scope purge_select': onlyPurges,
  'purge of a key': tagged('Surrogate-Key'),
  'querystring.filter': { steps: keyIgnores('utm_source') },
  'Cache-Tag': removed(tagged('Cache-Tag')),
  'CDN-Cache-Control': lifetime('CDN-Cache-Control', 'max-age=60'),
  'cache rule: eligible, with an edge TTL': {
    fields: { 'Cache-Control': 'no-store' },
    steps: [
      ['/a', miss, as('session=1')],
      ['/a', hit, as('session=2')],
      { advance: 3500 },
      ['/a', hit],
      { advance: 110 },
      ['/a', miss],
    ],
  },
  'cache rule: bypass': {
    steps: [
      ['/account/x', passed],
      ['/account/x', passed],
    ],
  },
  'status code TTL': bothStored,
  'X-LiteSpeed-Tag': removed(tagged('X-LiteSpeed-Tag')),
  'X-LiteSpeed-Purge of the app': removed({
    fields: { 'X-LiteSpeed-Purge': 'tag=type:standard', 'Cache-Control': 'max-age=60' },
    steps: [...twice, ['/form', /^fwd=method/, { method: 'POST' }], ['/a', miss]],
  }),
  'private cache': {
    steps: [
      ['/a', miss, as('session=1')],
      ['/a', hit, as('session=1')],
      ['/a', miss, as('session=2')],
    ],
  },
  'drop query string': { steps: keyIgnores('fbclid') },
  'default_cache.ttl': { steps: lives(120) },
  'default_cache.stale': { steps: onError },
  'default_cache.headers in the key': {
    steps: [
      ['/a', miss, { headers: { 'accept-language': 'he' } }],
      ['/a', hit, { headers: { 'accept-language': 'he' } }],
      ['/a', miss, { headers: { 'accept-language': 'en' } }],
    ],
  },
  'Surrogate-Key and its purge': tagged('Surrogate-Key'),
  'Cache-Status': {
    steps: [
      ['/a', /./],
      { then: (t, { last }) => t.match(last.headers.get('cache-status'), /^shelflife; /) },
    ],
  },
};

const cms = 'the-token-of-a-cms-with-a-scope-of-its-own';
const documented = 'a1fce4363854ff888cff4b8e7875d600c2682390412a8cf79b37d0b11148b0fa';

/** The row's configuration, with what it leaves to the reader: a route, and times that can be told. */
function rulesOf(code: string): string {
  const own = code.replace(documented, createHash('sha256').update(cms).digest('hex'));
  const ttl = own.startsWith('ttl:') ? own.replace('{', '{ jitter: 0,') : `${own}\nttl: { jitter: 0 }`;
  const type = own.startsWith('ttl:') ? '\ncontent_types: { page: {} }' : '';
  const route =
    own.startsWith('content_types:') || type !== '' ? '\nroutes: [{ match: GET /*, type: page }]' : '';
  return ttl + type + route;
}

async function play(t: Test, code: string, { fields = {}, steps }: Play): Promise<void> {
  const clock = new TestClock();
  const site = await startSite(rulesOf(code), {
    clock,
    env: { SHELFLIFE_TOKEN: token },
    answer: ({ url }, response) =>
      void response.writeHead(url === '/missing' ? 404 : 200, fields).end('body'),
  });
  t.teardown(() => site.close());
  let last = new Response();
  for (const step of steps) {
    if ('advance' in step) clock.advance(step.advance);
    else if ('fails' in step) site.answerWith((_, response) => void response.writeHead(500).end());
    else if ('purge' in step) await purge(site, step.purge);
    else if ('then' in step) await step.then(t, { site, last });
    else {
      const [path, status, init] = step;
      last = await fetch(site.url + path, init);
      await last.text();
      t.match(cacheStatus(last), status, `${path}, request ${site.seen.length}`);
    }
  }
}

async function purge({ proxy }: Site, selectors: object): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  await fetch(`${proxy.controlUrl}/purge`, { method: 'POST', headers, body: JSON.stringify(selectors) });
}

/** Two instances: what one has fetched the other gives; with a lock they fetch once between them. */
async function playShared(t: Test, code: string): Promise<void> {
  const { origin, proxies } = await startInstances(
    t,
    // A busy machine may be slower than the usual deadline.
    ({ upstream, redisUrl }) =>
      `upstream: ${upstream}\n${code.replace(/redis:\/\/[^"]+"/, `${redisUrl}", deadline: 5s`)}`,
  );
  origin.answerWith(
    (_, response) => void response.writeHead(200, { 'Cache-Control': 'max-age=60' }).end('body'),
  );
  if (code.includes('fill_lock')) {
    await Promise.all(proxies.map(({ url }) => askSite(`${url}/cold`)));
    t.equal(origin.seen.length, 1, 'one fetch for both');
  } else {
    await askSite(`${String(proxies[0]?.url)}/a`);
    await eventually('in Redis', async () => hit.test((await askSite(`${String(proxies[1]?.url)}/a`)).fate));
    t.ok(origin.seen.length <= 2);
  }
}

/** The commands, as processes. */
const commands: Readonly<Record<string, (t: Test) => Promise<void>>> = {
  check: async (t) => {
    t.match(await run(['check', fileOf(t, 'upstream: http://a\nttl: { default: soon }\n')]), {
      code: 1,
      stderr: '2:17 bad-duration',
    });
  },
  test: async (t) => {
    const rules = fileOf(
      t,
      'upstream: http://a\ncontent_types: { page: {} }\nroutes: [{ match: GET /a, type: page }]\n',
    );
    t.match(
      await run(['test', rules]),
      { code: 1, stderr: String },
      'it looks for the examples beside the rules',
    );
  },
  top: async (t) => {
    t.match(await run(['top', '--once', '--control', 'http://127.0.0.1:9'], { SHELFLIFE_TOKEN: token }), {
      code: 1,
      stderr: 'no answer',
    });
  },
  purge: async (t) => {
    const site = await startSite('', { env: { SHELFLIFE_TOKEN: token } });
    t.teardown(() => site.close());
    const control = ['--control', site.proxy.controlUrl ?? ''];
    t.match(await run(['purge', '--tag', 'one', ...control], { SHELFLIFE_TOKEN: token }), {
      code: 3,
      stdout: 'matched 0',
    });
  },
};

const rows = [...readFileSync('docs/coming-from.md', 'utf8').matchAll(/^\| (.+) \| (.+) \|$/gm)].filter(
  ([, , here]) => here !== 'here' && here !== '---',
);
t.ok(rows.length >= 35);
const done = new Set<string>();
for (const [, there = '', here = ''] of rows) {
  const name = there.replaceAll('`', '');
  t.test(name, async (t) => {
    const code = /`([^`]+)`/.exec(here)?.[1] ?? '';
    const command = /^shelflife ([a-z]+)$/.exec(code)?.[1];
    const row = plays[name];
    if (row !== undefined && !code.includes('redis')) await play(t, command === undefined ? code : '', row);
    else if (row !== undefined) await play(t, '', row);
    if (code.includes('redis')) await playShared(t, code);
    else if (command !== undefined && !done.has(command)) {
      done.add(command);
      await commands[command]?.(t);
    } else if (row === undefined && command === undefined) t.fail('the row is not checked');
  });
}
