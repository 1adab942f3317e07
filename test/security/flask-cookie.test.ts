/**
 * Attacks on the session cookie: forgeries, tossed cookies, odd spellings. Whatever the origin makes of them, another
 * person's page never comes from the store.
 */

import { createHmac } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import t from 'tap';
import { Session } from '../../examples/webapp/session.ts';
import {
  cookieOf,
  nextCookie,
  secret,
  sessionOf,
  startFlaskSite,
  withoutSecret,
  withSecret,
} from '../helpers/flask-site.ts';
import { ask, fateOf, isHit, valuesOf } from '../helpers/raw-client.ts';
import { TestClock } from '../helpers/test-clock.ts';

const victim = cookieOf(sessionOf(1));
const attacker = cookieOf(sessionOf(2));
const value = victim.slice('session='.length);
const [payload = '', timestamp = '', signature = ''] = splitAtLastDots(value);

function splitAtLastDots(text: string): string[] {
  const [signed = '', last = ''] = cutAtLastDot(text);
  return [...cutAtLastDot(signed), last];
}

function cutAtLastDot(text: string): string[] {
  const dot = text.lastIndexOf('.');
  return [text.slice(0, dot), text.slice(dot + 1)];
}

const json = '{"user_id":1,"user_data":{"first_name":"First1","username":"user1"}}';
const base64 = (text: string | Buffer): string => Buffer.from(text).toString('base64url');
const sign = (text: string, key: string, salt = 'cookie-session'): string =>
  createHmac('sha1', createHmac('sha1', key).update(salt).digest()).update(text).digest('base64url');
const stamp = (at: number): string => base64(Buffer.from(at.toString(16).padStart(8, '0'), 'hex'));
const nowSeconds = Math.floor(Date.now() / 1000);
const signedAt = (at: number): string => {
  const text = `${payload}.${stamp(at)}`;
  return `${text}.${sign(text, secret)}`;
};
const flipped = (text: string): string => (text.startsWith('A') ? `B${text.slice(1)}` : `A${text.slice(1)}`);

const forgeries: readonly (readonly [name: string, value: string])[] = [
  ['the victim’s payload without a signature', payload],
  ['an empty signature', `${payload}.${timestamp}.`],
  ['a signature of nothing', `${payload}.${timestamp}.${sign('', secret)}`],
  ['one bit of the signature changed', `${payload}.${timestamp}.${flipped(signature)}`],
  ['a signature cut short', `${payload}.${timestamp}.${signature.slice(0, -1)}`],
  ['a signature with more behind it', `${payload}.${timestamp}.${signature}AAAA`],
  ['a signature in another spelling of the same bytes', `${payload}.${timestamp}.${signature}=`],
  ['signed with another key', `${payload}.${timestamp}.${sign(`${payload}.${timestamp}`, 'dev')}`],
  [
    'signed with another salt',
    `${payload}.${timestamp}.${sign(`${payload}.${timestamp}`, secret, 'itsdangerous')}`,
  ],
  [
    'the attacker’s signature under the victim’s payload',
    `${payload}.${splitAtLastDots(attacker).slice(1).join('.')}`,
  ],
  ['a newer time under an old signature', `${payload}.${stamp(nowSeconds + 5)}.${signature}`],
  ['a payload written by hand', `${base64(json)}.${timestamp}.${signature}`],
  ['a compressed payload written by hand', `.${base64(deflateSync(json))}.${timestamp}.${signature}`],
  [
    'a payload that inflates without end',
    `.${base64(deflateSync(Buffer.alloc(1 << 20)))}.${timestamp}.${signature}`,
  ],
  ['signed, but 32 days ago', signedAt(nowSeconds - 32 * 86_400)],
  ['signed, but for tomorrow', signedAt(nowSeconds + 86_400)],
];

for (const [name, config] of [
  ['with the secret', withSecret],
  ['with learned identities', withoutSecret],
] as const) {
  t.test(`no forgery gets the victim’s page, ${name}`, async (t) => {
    const site = await startFlaskSite(config);
    t.teardown(() => site.close());
    const ownLines = [`Cookie: ${victim}`];
    await ask(site.url, { target: '/me/home', lines: ownLines });
    await ask(site.url, { target: '/me/home', lines: ownLines });
    for (const [forgery, forged] of forgeries) {
      const lines = [`Cookie: session=${forged}`];
      for (let turn = 0; turn < 2; turn += 1) {
        const answer = await ask(site.url, { target: '/me/home', lines });
        t.equal(answer.body, 'page /me/home of nobody\n', forgery);
        if (config === withSecret) t.notOk(isHit(answer), `${forgery}: neither looked up nor stored`);
      }
    }
    for (const [, forged] of forgeries) {
      await ask(site.url, { method: 'POST', target: '/do', lines: [`Cookie: session=${forged}`] });
    }
    // {user} is named by nobody whose session is not proven: no forgery ends what is the victim's either.
    const after = await ask(site.url, { target: '/me/home', lines: ownLines });
    t.equal(after.body, 'page /me/home of user1\n');
    t.ok(isHit(after), 'the clean request is a hit');
  });
}

const tossed: readonly (readonly [name: string, lines: readonly string[]])[] = [
  ['victim first', [`Cookie: ${victim}; ${attacker}`]],
  ['attacker first', [`Cookie: ${attacker}; ${victim}`]],
  ['the same twice', [`Cookie: ${victim}; ${victim}`]],
  ['an empty one first', [`Cookie: session=; ${victim}`]],
  ['an empty one last', [`Cookie: ${victim}; session=`]],
  ['two lines', [`Cookie: ${attacker}`, `Cookie: ${victim}`]],
  ['two lines, the other way', [`Cookie: ${victim}`, `Cookie: ${attacker}`]],
  ['two lines, one in another case', [`Cookie: ${attacker}`, `cOOKIE: ${victim}`]],
  ['a line with another cookie', ['Cookie: ui=1', `Cookie: ${victim}`]],
  ['in quotes', [`Cookie: session="${value}"`]],
  ['a quote that swallows', [`Cookie: a="; ${victim}; b="`]],
  ['a quote that does not close', [`Cookie: a="b; ${victim}`]],
  ['$Version', [`Cookie: $Version=1; ${victim}; $Path=/`]],
  ['$Version and quotes', [`Cookie: $Version="1"; session="${value}"`]],
  ['a name in another case beside it', [`Cookie: SESSION=x; ${victim}`]],
  ['an escaped name beside it', [`Cookie: sess%69on=x; ${victim}`]],
  ['a name with a strange space beside it', [`Cookie: session\xa0=x; ${victim}`]],
  ['a cookie without a name', [`Cookie: x; ${victim}`]],
  ['remember_me alone', ['Cookie: remember_me=abc']],
  ['remember_me in either order', [`Cookie: remember_me=abc; ${attacker}; remember_me=def`]],
];

t.test('tossed cookies, in every order, are passed: neither looked up nor stored', async (t) => {
  const site = await startFlaskSite(withSecret);
  t.teardown(() => site.close());
  for (const owner of [victim, attacker])
    await ask(site.url, { target: '/me/home', lines: [`Cookie: ${owner}`] });
  for (const [name, lines] of tossed) {
    const before = site.seen.length;
    const answer = await ask(site.url, { target: '/me/home', lines });
    t.match(fateOf(answer), /^fwd=bypass; detail=identity/, name);
    t.equal(site.seen.length, before + 1, `${name}: the origin decides`);
  }
  for (const [id, owner] of [victim, attacker].entries()) {
    const answer = await ask(site.url, { target: '/me/home', lines: [`Cookie: ${owner}`] });
    t.ok(isHit(answer), 'the clean request is a hit');
    t.equal(answer.body, `page /me/home of user${id + 1}\n`);
  }
});

t.test('a comma, a space or a tab hides no second cookie from the key', async (t) => {
  const site = await startFlaskSite(withSecret);
  t.teardown(() => site.close());
  await ask(site.url, { target: '/me/home', lines: [`Cookie: ${victim}`] });
  for (const glue of [',', ', ', ' ', '\t']) {
    const answer = await ask(site.url, {
      target: '/me/home',
      lines: [`Cookie: ${attacker}${glue}${victim}`],
    });
    t.notOk(isHit(answer), JSON.stringify(glue));
  }
});

t.test('two credentials together are one identity; without one of them it is another', async (t) => {
  const site = await startFlaskSite(withSecret);
  t.teardown(() => site.close());
  const sets = [
    [`Cookie: ${victim}`],
    [`Cookie: ${victim}; remember_me=a`],
    [`Cookie: ${victim}; remember_me=b`],
    [`Cookie: ${victim}`, 'Authorization: Bearer a'],
    [`Cookie: ${victim}`, 'Authorization: Bearer b'],
    [`Cookie: ${victim}`, 'Authorization: bearer b'],
  ];
  for (const lines of sets) {
    t.notOk(isHit(await ask(site.url, { target: '/me/home', lines })), `${lines.join().slice(-20)}: its own`);
    t.ok(isHit(await ask(site.url, { target: '/me/home', lines })), 'and a hit from then on');
  }
  const reordered = [`Cookie: remember_me=a; ${victim}`];
  t.ok(
    isHit(await ask(site.url, { target: '/me/home', lines: reordered })),
    'the order of cookies is no credential',
  );
  const several = [`Cookie: ${victim}`, 'Authorization: Bearer a', 'Authorization: Bearer b'];
  t.match(fateOf(await ask(site.url, { target: '/me/home', lines: several })), 'fwd=bypass; detail=identity');
});

for (const [name, config] of [
  ['with the secret', withSecret],
  ['with learned identities', withoutSecret],
] as const) {
  t.test(`a browsing user, ${name}: at least 80 % hits, and a flashed message exactly once`, async (t) => {
    const clock = new TestClock(new Date().toISOString());
    const site = await startFlaskSite(config, clock);
    t.teardown(() => site.close());
    let jar = cookieOf(sessionOf(7), clock.now());
    let asked = 0;
    let hits = 0;
    let flashed = 0;
    const visit = async (method: string, target: string): Promise<string> => {
      clock.advance(1);
      const answer = await ask(site.url, { method, target, lines: [`Cookie: ${jar}`] });
      jar = nextCookie(valuesOf(answer, 'set-cookie'), jar);
      if (answer.body.includes('[saved]')) flashed += 1;
      if (method === 'GET') asked += 1;
      if (isHit(answer)) hits += 1;
      return answer.body;
    };
    for (let round = 0; round < 50; round += 1) {
      const body = await visit('GET', `/me/${round % 5}`);
      t.match(body, `page /me/${round % 5} of user7`);
      if (round === 24) await visit('POST', '/do');
    }
    t.equal(flashed, 1);
    t.ok(hits / asked >= 0.7, `${hits} of ${asked}, a write included`);
    for (let round = 0; round < 50; round += 1) await visit('GET', `/me/${round % 5}`);
    t.ok(hits / asked >= 0.8, `${hits} of ${asked}`);
    t.equal(flashed, 1);
  });
}

t.test('a learned cookie is trusted no longer than the app trusts it', async (t) => {
  const clock = new TestClock(new Date().toISOString());
  const site = await startFlaskSite(withoutSecret, clock);
  t.teardown(() => site.close());
  const lines = [`Cookie: ${cookieOf(sessionOf(7), clock.now())}`];
  await ask(site.url, { target: '/me/home', lines });
  await ask(site.url, { target: '/me/home', lines });
  t.ok(isHit(await ask(site.url, { target: '/me/home', lines })));
  clock.advance(31 * 86_400 + 1);
  t.match(fateOf(await ask(site.url, { target: '/me/home', lines })), 'fwd=bypass; detail=identity');
});

t.test('a cookie renewed by a public page proves nothing about one that its fetch lacked', async (t) => {
  const site = await startFlaskSite(withoutSecret);
  t.teardown(() => site.close());
  site.answerWith((request, response) => {
    // An app that gives everybody the session of a guest: the payload of the guest can be written by anyone.
    response.setHeader('Set-Cookie', cookieOf(sessionOf(0)));
    response.end(`${request.headers.cookie ?? 'none'}\n`);
  });
  const guest = splitAtLastDots(cookieOf(sessionOf(0)).slice('session='.length))[0] ?? '';
  const forged = `Cookie: session=${guest}.${timestamp}.${'A'.repeat(27)}`;
  await ask(site.url, { target: '/front/a', lines: [forged] });
  site.answerWith((request, response) => response.end(request.headers.cookie));
  await ask(site.url, { target: '/me/a', lines: [`Cookie: ${cookieOf(sessionOf(0))}`] });
  t.notOk(isHit(await ask(site.url, { target: '/me/a', lines: [forged] })));
});

const flaggedRules = `
identity:
  credentials: [session, remember_me]
  flask_session: { SECRET ignore_claims: [flag, draft, _flashes] }
content_types:
  home: { ttl: 10m, scope: user, cache_control: override }
  form: { ttl: 10m, scope: user, cache_control: override, vary: { claims: [draft] } }
routes:
  - { match: GET /me/*, type: home }
  - { match: GET /form/*, type: form }
`;

/** A session of a user with more claims. */
function flagged(id: number, claims: Record<string, unknown>): string {
  return cookieOf(new Session({ ...sessionOf(id).data, ...claims }));
}

for (const [how, own] of [
  ['with the secret', `secret: "${secret}",`],
  ['with learned identities', ''],
] as const) {
  t.test(`ignored claims make no other copy, and never another’s, ${how}`, async (t) => {
    const site = await startFlaskSite(flaggedRules.replace('SECRET', own));
    t.teardown(() => site.close());
    const [flag, draft] = [flagged(1, { flag: [1] }), flagged(1, { draft: 'x', flag: 2 })];
    // Made once: a cookie of the next second has another signature, and would not be a learned session.
    const other = flagged(2, { flag: [1] });
    const look = async (target: string, cookie: string): Promise<string> => {
      const answer = await ask(site.url, { target, lines: [`Cookie: ${cookie}`] });
      return `${isHit(answer) ? 'hit' : 'miss'} ${answer.body.trim()}`;
    };
    // Learned sessions are trusted from their second request on.
    for (const one of [victim, attacker, flag, draft, other]) await look('/front/x', one);
    for (const one of [victim, attacker, flag, draft, other]) await look('/me/x', one);

    t.equal(await look('/me/a', flag), 'miss page /me/a of user1');
    t.equal(await look('/me/a', victim), 'hit page /me/a of user1');
    t.equal(await look('/me/a', draft), 'hit page /me/a of user1');
    t.equal(await look('/me/a', other), 'miss page /me/a of user2');
    t.equal(await look('/me/a', attacker), 'hit page /me/a of user2');
    t.equal(await look('/me/a', flagged(1, { role: 'x', flag: [1] })), 'miss page /me/a of user1');

    t.equal(await look('/form/a', draft), 'miss page /form/a of user1');
    t.equal(await look('/form/a', victim), 'miss page /form/a of user1', 'a type that shows the claim');
    t.equal(await look('/form/a', flag), 'hit page /form/a of user1', 'but not the other');
    t.equal(await look('/form/a', draft), 'hit page /form/a of user1');

    const [, theirs = ''] = cutAtLastDot(attacker);
    const [signed = ''] = cutAtLastDot(flag);
    for (const forged of [
      `${signed}.${theirs}`,
      `session=${base64('{"user_id":1,"flag":1}')}.${timestamp}.${signature}`,
    ])
      t.match(await look('/me/a', forged), /^miss page .* of nobody$/);
    t.match(await look('/me/a', `${flag}; ${attacker}`), /^miss/, 'two of them are passed');
  });
}

t.test('payloads with different bytes that are no text are not one person', async (t) => {
  const site = await startFlaskSite(flaggedRules.replace('SECRET', `secret: "${secret}",`));
  t.teardown(() => site.close());
  for (const byte of ['ff', 'fe', 'ff']) {
    const bytes = Buffer.concat([Buffer.from('{"user_id":"'), Buffer.from(byte, 'hex'), Buffer.from('"}')]);
    const text = `${base64(bytes)}.${stamp(nowSeconds)}`;
    const lines = [`Cookie: session=${text}.${sign(text, secret)}`];
    t.match(fateOf(await ask(site.url, { target: '/me/c', lines })), /^fwd=bypass; detail=identity/, byte);
  }
});

t.test('an answer that changes an ignored claim is its client’s alone', async (t) => {
  const site = await startFlaskSite(flaggedRules.replace('SECRET', `secret: "${secret}",`));
  t.teardown(() => site.close());
  const session = sessionOf(1);
  session.flash('saved');
  const first = await ask(site.url, { target: '/me/b', lines: [`Cookie: ${cookieOf(session)}`] });
  t.equal(first.body, '[saved] page /me/b of user1\n');
  t.not(
    nextCookie(valuesOf(first, 'set-cookie'), 'kept'),
    'kept',
    'the cookie without the flag gets through',
  );
  const second = await ask(site.url, { target: '/me/b', lines: [`Cookie: ${victim}`] });
  t.equal(second.body, 'page /me/b of user1\n');
  t.notOk(isHit(second));
});
