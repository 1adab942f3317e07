/**
 * Set-Cookie reaches only the client that caused it: no client that waited for the same page, got it from the store, or asked
 * during its renewal. Every answer of the origin here sets a cookie with a unique number.
 */

import t from 'tap';
import { cookieOf, sessionOf } from '../helpers/flask-site.ts';
import { ask, fateOf, isHit, type RawAnswer, type RawRequest, valuesOf } from '../helpers/raw-client.ts';
import { startRawSite } from '../helpers/raw-origin.ts';
import { barrier, type Site, startSite } from '../helpers/scripted-site.ts';
import { TestClock } from '../helpers/test-clock.ts';

const rules = `
unmatched: standard
identity: { credentials: [session], flask_session: { cookie: session } }
content_types:
  strip: { ttl: 60s, scope: public, cache_control: override, set_cookie: strip, stale_while_revalidate: 30s, min: 1s }
  keep: { ttl: 60s, scope: public, cache_control: override }
  home: { ttl: 60s, scope: user, cache_control: override }
routes:
  - { match: GET /strip/*, type: strip }
  - { match: GET /keep/*, type: keep }
  - { match: GET /home/*, type: home }
`;

type Numbered = { readonly site: Site; readonly given: () => number; readonly clock: TestClock };

async function startNumbered(status304 = true): Promise<Numbered> {
  let given = 0;
  const clock = new TestClock();
  const site = await startSite(rules, {
    clock,
    answer: (request, response) => {
      given += 1;
      response.setHeader('Set-Cookie', `visit=${given}; Path=/`);
      response.setHeader('Set-Cookie2', `visit=${given}`);
      response.setHeader('ETag', '"v1"');
      response.setHeader('Cache-Control', 'max-age=60');
      response.setHeader('Date', new Date(clock.now()).toUTCString());
      if (status304 && request.headers['if-none-match'] === '"v1"') response.writeHead(304).end();
      else response.end('0123456789');
    },
  });
  return { site, given: () => given, clock };
}

const cookiesOf = (answer: RawAnswer): string[] =>
  valuesOf(answer, 'set-cookie').map((line) => line.split(';')[0] ?? '');

const kinds: readonly (readonly [name: string, request: RawRequest, status: number])[] = [
  ['a GET', {}, 200],
  ['a range', { lines: ['Range: bytes=2-4'] }, 206],
  ['several ranges', { lines: ['Range: bytes=0-1,4-5'] }, 206],
  ['a condition that holds', { lines: ['If-None-Match: "v1"'] }, 304],
  ['a HEAD', { method: 'HEAD' }, 200],
];

t.test('each request that causes a Set-Cookie gets it, and no later one does', async (t) => {
  const { site, given } = await startNumbered();
  t.teardown(() => site.close());
  for (const [at, [name, request, status]] of kinds.entries()) {
    for (const kind of ['strip', 'keep', 'home', 'any']) {
      const target = `/${kind}/${at}`;
      const cause = await ask(site.url, { ...request, target });
      if (kind === 'strip') t.equal(cause.status, status, `${kind}: ${name}`);
      t.same(cookiesOf(cause), [`visit=${given()}`], `${kind}: ${name} gets its own`);
      for (const [, later, laterStatus] of kinds) {
        const answer = await ask(site.url, { ...later, target });
        if (isHit(answer)) t.equal(answer.status, laterStatus);
        if (isHit(answer)) t.same(cookiesOf(answer), [], `${kind}: not from the store`);
        else t.same(cookiesOf(answer), [`visit=${given()}`], `${kind}: or its own`);
        t.equal(isHit(answer) && kind !== 'strip', false, `${kind}: stored only where the rule says so`);
      }
      const last = await ask(site.url, { target });
      if (kind === 'strip') t.ok(isHit(last), `${name}: a hit afterwards`);
    }
  }
});

t.test('requests that waited for the same page do not get the leader’s cookie', async (t) => {
  for (const kind of ['strip', 'keep', 'home', 'any']) {
    const gate = barrier();
    let given = 0;
    const site = await startSite(rules, {
      answer: (_request, response) => {
        given += 1;
        response.setHeader('Set-Cookie', `visit=${given}`);
        response.setHeader('Cache-Control', 'max-age=60');
        void gate.reached.then(() => response.end('page'));
      },
    });
    const waiting = Array.from({ length: 10 }, () => ask(site.url, { target: `/${kind}/a` }));
    while (site.seen.length === 0) await new Promise((done) => setImmediate(done));
    gate.arrive();
    const answers = await Promise.all(waiting);
    const all = answers.flatMap(cookiesOf);
    t.equal(new Set(all).size, all.length, `${kind}: no cookie twice`);
    t.equal(all.length, given, `${kind}: each to its cause`);
    t.equal(given === 1, kind === 'strip', `${kind}: what is personal is nobody else’s to wait for`);
    for (const answer of answers) t.equal(answer.body, 'page');
    await site.close();
  }
});

t.test('a 304 that sets a cookie sets it only for its own client', async (t) => {
  const { site, clock, given } = await startNumbered();
  t.teardown(() => site.close());
  await ask(site.url, { target: '/strip/a' });
  clock.advance(200);
  const cause = await ask(site.url, { target: '/strip/a' });
  t.match(fateOf(cause), 'fwd-status=304');
  t.same(cookiesOf(cause), [`visit=${given()}`]);
  const next = await ask(site.url, { target: '/strip/a' });
  t.ok(isHit(next));
  t.same(cookiesOf(next), []);
});

t.test('a renewal in the background sets a cookie for no client', async (t) => {
  const { site, clock } = await startNumbered();
  t.teardown(() => site.close());
  await ask(site.url, { target: '/strip/a' });
  clock.advance(70);
  const stale = await ask(site.url, { target: '/strip/a' });
  t.ok(isHit(stale));
  t.same(cookiesOf(stale), []);
  while (site.seen.length < 2) await new Promise((done) => setImmediate(done));
  t.same(cookiesOf(await ask(site.url, { target: '/strip/a' })), []);
});

t.test('a Set-Cookie in interim answers and trailers is not stored either', async (t) => {
  const site = await startRawSite(
    rules,
    () =>
      'HTTP/1.1 103 Early Hints\r\nSet-Cookie: early=1\r\nLink: </a>\r\n\r\n' +
      'HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\nTrailer: Set-Cookie\r\n\r\n' +
      '4\r\npage\r\n0\r\nSet-Cookie: late=1\r\n\r\n',
  );
  t.teardown(() => site.close());
  for (const target of ['/strip/a', '/home/a', '/any/a']) {
    await ask(site.url, { target });
    const later = await ask(site.url, { target });
    t.ok(isHit(later), target);
    t.notMatch(later.lines.join('\n'), /set-cookie/i);
  }
});

t.test('only the same session again counts as a renewal', async (t) => {
  const own = sessionOf(1);
  const now = Date.now();
  const renewed = cookieOf(own, now + 5000);
  const flashed = sessionOf(1);
  flashed.flash('saved');
  const site = await startSite(
    rules.replace('cookie: session', 'cookie: session, secret: "a secret of the app, long enough to be one"'),
  );
  t.teardown(() => site.close());
  const lines = [`Cookie: ${cookieOf(own, now)}`];
  const answers: readonly (readonly [name: string, set: readonly string[], isStored: boolean])[] = [
    ['the same payload', [`${renewed}; HttpOnly; Path=/`], true],
    ['nothing', [], true],
    ['a flashed message', [cookieOf(flashed, now)], false],
    ['another user', [cookieOf(sessionOf(2), now)], false],
    ['a logout', ['session=; Max-Age=0; Path=/'], false],
    ['the same payload, to be dropped', [`${renewed}; Max-Age=0`], false],
    ['another cookie', ['theme=dark'], false],
    ['the same payload and another cookie', [renewed, 'theme=dark'], false],
    ['the same payload under another name', [renewed.replace('session=', 'Session=')], false],
    ['no name', ['session'], false],
  ];
  for (const [at, [name, set, isStored]] of answers.entries()) {
    site.answerWith((_request, response) => response.setHeader('Set-Cookie', [...set]).end('page'));
    const target = `/home/${at}`;
    t.same(valuesOf(await ask(site.url, { target, lines }), 'set-cookie'), set, `${name}: delivered`);
    const later = await ask(site.url, { target, lines });
    t.equal(isHit(later), isStored, name);
    if (isStored) t.same(cookiesOf(later), []);
  }
});
