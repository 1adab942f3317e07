/**
 * Paths that origins read in different ways: each is a separate resource, forwarded and keyed as sent, and no spelling evades
 * a rule. The origin here is a socket that records the bytes it got.
 */

import t, { type Test } from 'tap';
import { ask, fateOf, isHit } from '../helpers/raw-client.ts';
import { okText, type RawSite, startRawSite } from '../helpers/raw-origin.ts';

const fresh = ['Cache-Control: max-age=600'];
/** Answers with the target, as an origin that may be stored. */
const echo = ({ requestLine }: { requestLine: string }) => okText(requestLine.split(' ')[1] ?? '', fresh);

async function startEcho(t: Test, rules: string): Promise<RawSite> {
  const site = await startRawSite(rules, echo);
  t.teardown(() => site.close());
  return site;
}

const lastLine = ({ arrivals }: RawSite) => arrivals.at(-1)?.requestLine;

/** What the origin is sent: hexadecimal digits are upper-case, nothing else changes. */
// prettier-ignore
const ownResources: readonly string[] = [
  '/api/queues/%2F/', '/@scope%2Fname', '/projects/group%2Fsub%2Fname/files/src%2Fmain.py', '/a%5Cb', '/a%3Bb', '/a;b',
  '/%F9%EC%E5%ED', '/a%C0%AFb', '/%ED%A0%80', '/a//b', '//a', '//evil.example/a', '///', '/img//https://host/a.jpg', '/a%252Fb',
  '/a/..hidden', '/a/...', '/..a/b', '/a/..%2Fb', '/a/..%3B/b', '/a%2F..', '/a/.%2Fb', '/a%25', "/a!$&'()*+,=:@b", '/a%7Cb', '/a%22',
];

for (const rules of ['unmatched: standard', 'unmatched: pass']) {
  t.test(`${rules}: a path that may be a separate resource reaches the origin as it was sent`, async (t) => {
    const site = await startEcho(t, rules);
    for (const target of ownResources) {
      for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'REPORT']) {
        const query = `?q=%2f/../;${method}`;
        const { status } = await ask(site.url, { method, target: `${target}${query}` });
        t.equal(status, 200, `${method} ${target}`);
        t.equal(lastLine(site), `${method} ${target}${query} HTTP/1.1`);
      }
    }
  });
}

t.test('separate resources have separate keys, and spellings of one share a key', async (t) => {
  const site = await startEcho(t, 'unmatched: standard');
  const families = [
    ['/a/b', '/./a/b', '/a/c/../b', '/%61/b', '/a/%2e/b', '/x/%2E%2e/a/b'],
    ['/a%2Fb', '/a%2fb', '/%61%2fb', '/x/../a%2Fb'],
    ['/a%252Fb', '/%61%252Fb'],
    ['/a%252fb'],
    ['/a%5Cb', '/a%5cb'],
    ['/a%3Bb', '/a%3bb'],
    ['/a;b', '/%61;b'],
    ['/a//b', '/a/.//b', '/a//c/../b', '/a//./b'],
    ['//a/b', '/.//a/b'],
    ['/%E9%EC', '/%e9%ec'],
    ['/%C3%A9', '/%c3%a9'],
  ];
  for (const [first = '', ...others] of families) {
    t.notOk(isHit(await ask(site.url, { target: first })), `${first} is its own`);
    const isStored = isHit(await ask(site.url, { target: first }));
    t.ok(isStored, `${first} is stored`);
    for (const target of others) {
      const answer = await ask(site.url, { target });
      t.ok(isHit(answer), `${target} is ${first}`);
      t.equal(answer.body, first);
    }
  }
});

const secretSpellings = [
  '/secret/x',
  '/%73ecret/x',
  '/secret%2Fx',
  '/secret%2fx',
  '/s%65cret%2fx',
  '/secret%5Cx',
  '/secret%252Fx',
  '/secret%25252fx',
  '/secret%255cx',
  '/secret;a=b/x',
  '/secret%3Ba=b/x',
  '/secret%3ba%2fb/x',
  '//secret/x',
  '//a/secret/x',
  '///a/secret/x',
  '/.//a/secret/x',
  '//a%2Fb/secret%2fx',
  '/%2Fa/secret/x',
  '/%2Fsecret/x',
  '/%5csecret/x',
  '/open//..%2fsecret/x',
  '/open/..%2Fsecret/x',
  '/open/%2e%2e%2fsecret/x',
  '/open/%2e%2e/secret/x',
  '/open/%252e%252e/secret/x',
  '/open/%252e%252e%252fsecret/x',
  '/open/..%5csecret%5cx',
  '/open/..%3b/secret/x',
  '/open/..%3Bjsessionid=1%2Fsecret%2Fx',
  '/open/.%2e%2fsecret/x',
  '/secret%C0%AFx',
  '/secret%c0%afx',
  '/secret%E0%80%AFx',
  '/open/%C0%AE%C0%AE/secret/x',
  '/open/%25c0%25ae%25c0%25ae/secret/x',
  '/secret/%2E%2Fx',
];

t.test('no spelling evades a `pass` rule', async (t) => {
  const site = await startEcho(
    t,
    `
content_types: { open: { ttl: 10m, scope: public, cache_control: override } }
routes:
  - { match: GET /secret/*, type: pass }
  - { match: GET /*, type: open }
`,
  );
  t.notOk(isHit(await ask(site.url, { target: '/open/x' })));
  t.ok(isHit(await ask(site.url, { target: '/open/x' })));
  for (const target of secretSpellings) {
    for (const time of [1, 2]) {
      const answer = await ask(site.url, { target });
      t.match(fateOf(answer), /^fwd=bypass; detail=(?:rule|ambiguous-path)$/, `${target}: ${time}`);
      t.equal(answer.status, 200);
    }
  }
});

t.test('no spelling evades a write rule, not even for a GET', async (t) => {
  const site = await startEcho(
    t,
    `
content_types: { page: { ttl: 10m, scope: public, cache_control: override, tags: [pages] } }
routes: [{ match: GET /page, type: page }]
writes:
  - { match: [GET /secret/*, POST /secret/*], invalidate: [pages] }
  - { match: POST /*, invalidate: [] }
`,
  );
  for (const target of secretSpellings) {
    for (const method of ['GET', 'POST']) {
      await ask(site.url, { target: '/page' });
      t.ok(isHit(await ask(site.url, { target: '/page' })));
      const answer = await ask(site.url, { method, target });
      t.match(fateOf(answer), method === 'GET' ? 'detail=write-rule' : 'fwd=method', target);
      t.notOk(isHit(await ask(site.url, { target: '/page' })), `${method} ${target} ends the page`);
    }
  }
});

t.test('a write purges every URL that an origin may take for its own, in either direction', async (t) => {
  const site = await startEcho(t, 'unmatched: standard');
  const paths = ['/x/y', '/x%2Fy', '/x//y', '/x%5Cy', '/x;v=1/y'];
  for (const [written, ended] of [
    ['/x/y', paths],
    ['/x%2Fy', ['/x/y', '/x%2Fy', '/x//y', '/x%5Cy', '/x;v=1/y']],
    ['/x%3Bz', ['/x%3Bz']],
    ['/other', []],
  ] as const) {
    for (const target of [...paths, '/x%3Bz']) await ask(site.url, { target });
    await ask(site.url, { method: 'PUT', target: written });
    const stored = async (target: string) => isHit(await ask(site.url, { target }));
    for (const target of paths) {
      t.equal(
        await stored(target),
        !(ended as readonly string[]).includes(target),
        `PUT ${written}: ${target}`,
      );
    }
  }
});

t.test(
  'a route matches a segment with an escaped slash, and readings that no route matches do not count',
  async (t) => {
    const site = await startEcho(
      t,
      `
content_types: { project: { ttl: 10m, scope: public, cache_control: override, tags: ["project:{id}"] }, image: { ttl: 10m, scope: public } }
routes:
  - { match: GET /projects/:id, type: project }
  - { match: GET /projects/:id/files/:file, type: project }
  - { match: GET /img/*, type: image }
writes: [{ match: PUT /projects/:id, invalidate: ["project:{id}"] }]
`,
    );
    const stored = [
      '/projects/a%2Fb',
      '/projects/a%2Fb/files/src%2Fmain.py',
      '/img//https://host/a.jpg',
      '/img/w;q=1/a%3Bb.jpg',
    ];
    for (const target of stored) {
      t.match(fateOf(await ask(site.url, { target })), /^fwd=uri-miss; stored/, target);
      t.ok(isHit(await ask(site.url, { target })), target);
    }
    await ask(site.url, { method: 'PUT', target: '/projects/a%2Fb' });
    for (const target of stored.slice(0, 2)) t.notOk(isHit(await ask(site.url, { target })), target);
  },
);

t.test('a path whose readings match routes of several types is passed', async (t) => {
  const site = await startEcho(
    t,
    `
content_types:
  asset: { ttl: 10m, scope: public, cache_control: override }
  home: { ttl: 10m, scope: user, cache_control: override }
routes:
  - { match: "GET /*.css", type: asset }
  - { match: GET /me/*, type: home }
  - { match: GET /me, type: home }
`,
  );
  for (const target of [
    '/me;x.css',
    '/me%3Bx.css',
    '/me/home%3Ba.css',
    '/me%2Fhome',
    '/x%2F..%2Fme/x.css',
    '//me/home',
    '//x/me/home',
  ]) {
    for (const time of [1, 2]) {
      t.equal(
        fateOf(await ask(site.url, { target })),
        'fwd=bypass; detail=ambiguous-path',
        `${target}: ${time}`,
      );
    }
  }
});
