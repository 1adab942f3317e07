/**
 * Web cache deception: the victim opens a link that ends like a static file, and the attacker requests it. The form of a URL
 * decides nothing: an app that ignores the ending gives each reader their own page, and so does the store.
 */

import t from 'tap';
import { cookieOf, sessionOf } from '../helpers/flask-site.ts';
import { ask, isHit } from '../helpers/raw-client.ts';
import { startSite } from '../helpers/scripted-site.ts';

// prettier-ignore
const suffixes: readonly string[] = [
  '/x.css', '/x.js', '/x.png', '/x.ico', '/x.svg', '/x.woff2', '/robots.txt', '/favicon.ico', '/index.html', '/.css',
  '.css', '.js', '.jpg', '.json', '.avif', '..css', ';x.css', ';.css', ';/x.css', ';jsessionid=1.css', ';a=b/x.js', '%3bx.css',
  '%2fx.css', '%2Fx.css', '%5cx.css', '\\x.css', '%23x.css', '#x.css', '%3fx.css', '?x.css', '?.css', '?a=b.css', '%00x.css',
  '%00.css', '%0ax.css', '%0d%0ax.css', '%09x.css', '%20x.css', '%e2%80%ae.css', '%c0%afx.css', '%252fx.css', '/..%2fx.css',
  '/..;/x.css', '/%2e%2e/home/x.css', '//x.css', '/./x.css', '/.;/x.css', '/x.css/', '/static/app.css', '~x.css',
];

t.ok(suffixes.length >= 44);

/** Everything below /me is the reader's page, whatever its ending: an app with lenient routes. */
const lenient = (rules: string) =>
  startSite(rules, {
    answer: (request, response) => {
      const cookie = request.headers.cookie ?? 'nobody';
      if (cookie !== 'nobody') response.setHeader('Set-Cookie', `${cookie}; Path=/`);
      response.setHeader('Cache-Control', 'public, max-age=600');
      response.setHeader('Content-Type', 'text/css');
      response.end(`page of ${cookie}\n`);
    },
  });

const configs: readonly (readonly [name: string, rules: string])[] = [
  ['standard', 'unmatched: standard\n'],
  ['standard, with credentials named', 'unmatched: standard\nidentity: { credentials: [session] }\n'],
  [
    'standard, without Set-Cookie',
    'unmatched: standard\ncontent_types: { standard: { set_cookie: strip } }\n',
  ],
  [
    'a user rule',
    `content_types: { home: { ttl: 10m, scope: user, cache_control: override } }
routes: [{ match: GET /me/*, type: home }]
unmatched: standard
`,
  ],
  [
    'public by ending',
    `content_types:
  home: { ttl: 10m, scope: user, cache_control: override }
  asset: { ttl: 10m, scope: public, cache_control: override }
routes:
  - { match: "GET /*.css", type: asset }
  - { match: GET /static/*, type: asset }
  - { match: GET /me/*, type: home }
unmatched: standard
`,
  ],
];

const victim = cookieOf(sessionOf(1));
const attacker = cookieOf(sessionOf(2));

for (const [name, rules] of configs) {
  t.test(`${name}: no ending makes the victim’s page anybody else’s`, async (t) => {
    const site = await lenient(rules);
    t.teardown(() => site.close());
    for (const suffix of suffixes) {
      const target = `/me/home${suffix}`;
      const seenBefore = site.seen.length;
      const own = await ask(site.url, { target, lines: [`Cookie: ${victim}`] });
      if (own.status === 400) t.equal(site.seen.length, seenBefore, `${suffix}: refused, and not sent`);
      for (const lines of [[], [`Cookie: ${attacker}`]]) {
        const other = await ask(site.url, { target, lines });
        t.notMatch(other.body + other.lines.join(), victim, suffix);
      }
    }
    await ask(site.url, { target: '/me/home' });
    t.ok(isHit(await ask(site.url, { target: '/me/home' })), 'a clean page is a hit');
  });
}

t.test('a public fetch has no credentials, whatever the client sent', async (t) => {
  const site = await lenient(configs[4]?.[1] ?? '');
  t.teardown(() => site.close());
  const lines = [`Cookie: ${victim}; remember_me=a`, 'Authorization: Bearer a', 'X-Api-Key: a'];
  const answer = await ask(site.url, { target: '/static/app.js', lines });
  t.equal(answer.body, 'page of nobody\n');
  t.notMatch(site.requests.at(-1)?.rawHeaders.join('|'), /Bearer|session|remember|Api-Key/i);
  t.ok(isHit(await ask(site.url, { target: '/static/app.js' })));
});

t.test('each spelling of a path is one key and one path at the origin, or is refused', async (t) => {
  const site = await lenient('unmatched: standard\n');
  t.teardown(() => site.close());
  await ask(site.url, { target: '/files/a,b' });
  const same = ['/./files/a,b', '/x/../files/a,b', '/fil%65s/a%2Cb', '/files/./a%2cb', '/%66iles/./a,b'];
  for (const target of [...same, 'http://site.test/files/a,b', 'HTTP://SITE.TEST:80/files/a,b']) {
    t.ok(isHit(await ask(site.url, { target })), target);
  }
  t.same(site.seen, ['GET /files/a,b']);
  const refused = [
    '/a\\b',
    '/a%00',
    '/a%zz',
    '/a%',
    '/..;/a',
    '/a#b',
    '/%2525252541',
    '/a%0d%0ab',
    '*',
    'a',
    '/a b',
  ];
  for (const target of refused) {
    t.equal((await ask(site.url, { target })).status, 400, target);
  }
  t.equal(site.seen.length, 1);
});
