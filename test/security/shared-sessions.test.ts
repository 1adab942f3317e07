/** Identities without a secret, with two proxies and one Redis: a login through one is known to the other. */

import t, { type Test } from 'tap';
import { sessionDigest } from '../../src/policy/identity/session-proof.ts';
import type { RunningServer } from '../../src/server.ts';
import { eventually } from '../helpers/eventually.ts';
import { answerAsApp, cookieOf, nextCookie, sessionOf, withoutSecret } from '../helpers/flask-site.ts';
import { closeProxy } from '../helpers/close-proxy.ts';
import { ask, fateOf, isHit, type RawAnswer, valuesOf } from '../helpers/raw-client.ts';
import { redisServer, type RedisServer } from '../helpers/redis-server.ts';
import { startProxy, startSite } from '../helpers/scripted-site.ts';
import { stopwatch } from '../helpers/stopwatch.ts';

type Two = { readonly one: string; readonly other: RunningServer; readonly redis: RedisServer };

const digestOf = (cookie: string): string => sessionDigest(cookie.slice('session='.length));
const nameOf = (cookie: string): string => `shelflife:learned:{${digestOf(cookie)}}`;

/** An app whose clock goes on a second with each request: every answer renews the cookie with another value. */
async function startBoth(t: Test): Promise<Two> {
  const redis = await redisServer(t);
  // A login that no rule knows would end the pages of who logs in.
  const rules = `store: { redis: { url: "${redis.url}", deadline: 1s } }\n${withoutSecret}  - { match: POST /login, invalidate: [] }\n`;
  let nowMs = Date.now() - 3_600_000;
  const site = await startSite(rules, {
    answer: (request, response) => {
      nowMs += 1000;
      if (request.url !== '/login') {
        answerAsApp(request, response, nowMs);
        return;
      }
      response.setHeader('Set-Cookie', `${cookieOf(sessionOf(7), nowMs)}; Path=/; HttpOnly`);
      response.end('welcome');
    },
  });
  t.teardown(() => site.close());
  const address = site.origin.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const other = await startProxy(`upstream: http://127.0.0.1:${port}\n${rules}`);
  t.teardown(() => closeProxy(other));
  return { one: site.url, other, redis };
}

async function logIn({ one, redis }: Two): Promise<string> {
  const answer = await ask(one, { method: 'POST', target: '/login' });
  const cookie = nextCookie(valuesOf(answer, 'set-cookie'), '');
  await eventually('it is told', async () => (await redis.client.exists(nameOf(cookie))) === 1);
  return cookie;
}

const view = (url: string, target: string, cookie: string): Promise<RawAnswer> =>
  ask(url, { target, lines: [`Cookie: ${cookie}`] });

t.test(
  'log in through one instance, browse through the other: at least 80 % hits, a forged cookie gets nothing',
  async (t) => {
    const two = await startBoth(t);
    const { other } = two;
    let hits = 0;
    for (let device = 0; device < 20; device += 1) {
      const cookie = await logIn(two);
      for (const page of [1, 2]) {
        const answer = await view(other.url, `/me/${page}`, cookie);
        t.match(answer.body, `page /me/${page} of user7`);
        if (isHit(answer)) hits += 1;
      }
      const [head = '', stamp = ''] = cookie.split('.');
      const forged = await view(
        other.url,
        '/me/1',
        `${head}.${stamp}.${'A'.repeat(26)}${'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.charAt(device)}`,
      );
      t.notOk(isHit(forged));
      t.match(forged.body, 'of nobody');
    }
    t.ok(hits >= 0.8 * 40, `${hits} of 40`);
  },
);

t.test('a user whose requests alternate between the instances', async (t) => {
  // Before the app's clock starts, or it would be post-dated.
  let jar = cookieOf(sessionOf(7), Date.now() - 3_600_000);
  const { one, other, redis } = await startBoth(t);
  let hits = 0;
  for (let round = 0; round < 60; round += 1) {
    const before = jar;
    const answer = await view(round % 3 === 0 ? one : other.url, `/me/${round % 5}`, jar);
    t.match(answer.body, `page /me/${round % 5} of user7`);
    if (isHit(answer)) hits += 1;
    jar = nextCookie(valuesOf(answer, 'set-cookie'), jar);
    if (jar === before) continue;
    await eventually('it is told', async () => (await redis.client.exists(nameOf(jar))) === 1);
  }
  t.ok(hits >= 0.8 * 60, `${hits} of 60`);
});

t.test(
  'what is shared has an expiry: max_age for cookies the client holds, minutes for renewed ones',
  async (t) => {
    const two = await startBoth(t);
    const cookie = await logIn(two);
    const left = await two.redis.client.ttl(nameOf(cookie));
    t.ok(left > 31 * 86_400 - 60 && left <= 31 * 86_400, `${left}`);
    const next = nextCookie(valuesOf(await view(two.one, '/me/1', cookie), 'set-cookie'), cookie);
    t.not(next, cookie);
    await eventually('renewed', async () => (await two.redis.client.ttl(nameOf(cookie))) <= 300);
    t.ok((await two.redis.client.ttl(nameOf(next))) > 31 * 86_400 - 60);
  },
);

t.test(
  'while Redis is frozen every request is served, and a cookie of the other instance gets no hit',
  async (t) => {
    const two = await startBoth(t);
    const { other, redis } = two;
    const cookie = await logIn(two);
    await view(other.url, '/me/1', cookie);
    const late = await logIn(two);
    redis.freeze();
    t.teardown(() => redis.thaw());
    const tookMs = stopwatch();
    const answer = await view(other.url, '/me/1', late);
    t.match(answer.body, 'of user7');
    t.notMatch(fateOf(answer), /^hit/);
    t.ok(tookMs() < 1000);
  },
);
