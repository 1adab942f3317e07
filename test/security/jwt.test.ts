/** Identity by JSON Web Tokens: only a verified token gives an identity; anything else is left to the origin. */

import { createHmac, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, SignJWT } from 'jose';
import t from 'tap';
import { ask, fateOf, isHit } from '../helpers/raw-client.ts';
import { type Site, startSite } from '../helpers/scripted-site.ts';

const secret = 'a shared secret of at least 32 characters';
const rules = (jwt: string): string => `
identity:
  credentials: [remember_me]
  jwt: ${jwt}
content_types:
  home: { ttl: 10m, scope: user, cache_control: override, tags: ["pages:{user}"] }
routes:
  - { match: GET /home/*, type: home }
unmatched: standard
`;

const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

type Signing = { readonly key?: string; readonly header?: object };
const plainHeader: object = { alg: 'HS256', typ: 'JWT' };

/** A token signed with HMAC, whatever its header says. */
function hmacToken(claims: object, { key = secret, header = plainHeader }: Signing = {}): string {
  const signed = `${base64(header)}.${base64(claims)}`;
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
}

const soon = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;
const claimsOf = (sub: string): object => ({ sub, iat: soon(0), exp: soon(600) });

const startEcho = (jwt: string): Promise<Site> =>
  startSite(rules(jwt), {
    answer: (request, response) => {
      const { authorization, cookie, 'x-id': id, 'x-auth-token': token } = request.headers;
      response.end(`page of ${[authorization, cookie, id, token].join('')}\n`);
    },
  });

const victim = hmacToken(claimsOf('victim'));
const [header = '', payload = '', signature = ''] = victim.split('.');

const forgeries: readonly (readonly [name: string, token: string])[] = [
  ['alg none', `${base64({ alg: 'none' })}.${payload}.`],
  ['alg None with the old signature', `${base64({ alg: 'None' })}.${payload}.${signature}`],
  ['another secret', hmacToken(claimsOf('victim'), { key: 'another secret of at least 32 characters' })],
  ['an empty secret', hmacToken(claimsOf('victim'), { key: '' })],
  ['no signature', `${header}.${payload}.`],
  ['the claims changed', `${header}.${base64(claimsOf('admin'))}.${signature}`],
  ['a signature cut short', `${header}.${payload}.${signature.slice(0, -2)}`],
  ['an asymmetric algorithm', hmacToken(claimsOf('victim'), { header: { alg: 'RS256' } })],
  ['a critical extension', hmacToken(claimsOf('victim'), { header: { alg: 'HS256', crit: ['x'], x: 1 } })],
  ['out of date', hmacToken({ sub: 'victim', exp: soon(-10) })],
  ['not yet', hmacToken({ sub: 'victim', nbf: soon(600) })],
  ['claims that are no object', `${header}.${base64('victim')}.${signature}`],
  ['four parts', `${victim}.x`],
  ['nothing at all', '.'],
];

const carriers: readonly (readonly [name: string, jwt: string, line: (token: string) => string])[] = [
  [
    'Authorization',
    `{ header: Authorization, secret: "${secret}" }`,
    (token) => `Authorization: Bearer ${token}`,
  ],
  ['a cookie', `{ cookie: token, secret: "${secret}" }`, (token) => `Cookie: token=${token}`],
  ['a header of its own', `{ header: X-Id, secret: "${secret}" }`, (token) => `X-Id: ${token}`],
  [
    'a header that names credentials',
    `{ header: X-Auth-Token, secret: "${secret}" }`,
    (token) => `X-Auth-Token: ${token}`,
  ],
];

for (const [name, jwt, line] of carriers) {
  t.test(`in ${name}: no forgery is looked up, and the clean request is a hit`, async (t) => {
    const site = await startEcho(jwt);
    t.teardown(() => site.close());
    const own = { target: '/home/a', lines: [line(victim)] };
    const page = (await ask(site.url, own)).body;
    t.match(page, victim, 'the origin gets the token');
    for (const [forgery, token] of forgeries) {
      const lines = [line(token)];
      const answer = await ask(site.url, { target: '/home/a', lines });
      if (token === '.' && name === 'Authorization') t.notOk(isHit(answer), forgery);
      else t.match(fateOf(answer), 'fwd=bypass; detail=identity', forgery);
      t.not(answer.body, page);
    }
    t.ok(isHit(await ask(site.url, own)));
  });
}

t.test('a token renewed for the same person is the same identity; another person is another', async (t) => {
  const site = await startEcho(carriers[0]?.[1] ?? '');
  t.teardown(() => site.close());
  const line = (claims: object): string[] => [`Authorization: Bearer ${hmacToken(claims)}`];
  await ask(site.url, {
    target: '/home/a',
    lines: line({ sub: 'a', iat: soon(0), exp: soon(60), jti: '1' }),
  });
  const renewed = line({ sub: 'a', iat: soon(5), exp: soon(600), jti: '2' });
  t.ok(isHit(await ask(site.url, { target: '/home/a', lines: renewed })));
  for (const claims of [{ sub: 'b' }, { sub: 'a', role: 'admin' }, { sub: 'a', act: { sub: 'b' } }]) {
    const lines = line({ ...claims, exp: soon(60) });
    t.notOk(isHit(await ask(site.url, { target: '/home/a', lines })), JSON.stringify(claims));
  }
  const both = [...renewed, 'Cookie: remember_me=x'];
  t.notOk(
    isHit(await ask(site.url, { target: '/home/a', lines: both })),
    'with another credential it is another',
  );
});

t.test('two tokens give no identity', async (t) => {
  for (const [name, jwt, line] of carriers) {
    const site = await startEcho(jwt);
    const other = hmacToken(claimsOf('other'));
    await ask(site.url, { target: '/home/a', lines: [line(victim)] });
    for (const lines of [
      [line(other), line(victim)],
      [line(victim), line(other)],
    ]) {
      t.match(fateOf(await ask(site.url, { target: '/home/a', lines })), 'detail=identity', name);
    }
    await site.close();
  }
});

t.test('with the keys an issuer publishes', async (t) => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = { ...(await exportJWK(publicKey)), kid: '1', alg: 'ES256', use: 'sig' };
  let fetched = 0;
  const issuer = createServer((_request, response) => {
    fetched += 1;
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify({ keys: [jwk] }));
  });
  await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/jwks.json`;
  const site = await startEcho(`{ header: Authorization, jwks: "${url}", claim: sub }`);
  t.teardown(async () => {
    await site.close();
    issuer.close();
  });
  const token = await new SignJWT({ sub: 'a' })
    .setProtectedHeader({ alg: 'ES256', kid: '1' })
    .setExpirationTime('10m')
    .sign(privateKey);
  const lines = [`Authorization: Bearer ${token}`];
  await ask(site.url, { target: '/home/a', lines });
  t.ok(isHit(await ask(site.url, { target: '/home/a', lines })));
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const confused = [
    hmacToken(claimsOf('a'), { key: pem, header: { alg: 'HS256', kid: '1' } }),
    hmacToken(claimsOf('a'), { key: JSON.stringify(jwk), header: { alg: 'HS256', kid: '1' } }),
    hmacToken(claimsOf('a'), { header: { alg: 'ES256', kid: 'unknown' } }),
    hmacToken(claimsOf('a'), { header: { alg: 'ES256', kid: '1', jwk } }),
    hmacToken(claimsOf('a'), { header: { alg: 'ES256', jku: 'http://127.0.0.1:1/evil' } }),
  ];
  for (const forged of confused) {
    const answer = await ask(site.url, { target: '/home/a', lines: [`Authorization: Bearer ${forged}`] });
    t.match(fateOf(answer), 'detail=identity');
  }
  t.ok(fetched <= 2, `keys are kept: ${fetched}`);
});
