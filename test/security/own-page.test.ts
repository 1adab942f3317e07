/** Many users request the same URLs at once: each gets their own page, and most come from the store. */

import t from 'tap';
import { ask, isHit, type RawAnswer, valuesOf } from '../helpers/raw-client.ts';
import {
  cookieOf,
  nextCookie,
  sessionOf,
  startFlaskSite,
  withoutSecret,
  withSecret,
} from '../helpers/flask-site.ts';

const users = Array.from({ length: 20 }, (_, at) => at + 1);
const paths = ['/me/home', '/me/files', '/me/files?q=a&page=2', '/missing/page'];
const rounds = 40;

for (const [name, config] of [
  ['with the secret', withSecret],
  ['with learned identities', withoutSecret],
] as const) {
  t.test(
    `20 users, 40 rounds, ${name}: every body is its caller’s, and at least 90 % are hits`,
    async (t) => {
      const site = await startFlaskSite(config);
      t.teardown(() => site.close());
      const jars = new Map(users.map((id) => [id, cookieOf(sessionOf(id))]));
      let hits = 0;
      let warm = 0;
      const wrong: string[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const target = paths[round % paths.length] ?? '';
        const answers = await Promise.all(
          users.map(async (id) => {
            const line = `Cookie: ${jars.get(id) ?? ''}`;
            return { id, answer: await ask(site.url, { target, lines: [line] }) };
          }),
        );
        for (const { id, answer } of answers) {
          if (!isOwn(id, target, answer)) wrong.push(`${id}: ${answer.body}`);
          jars.set(id, nextCookie(valuesOf(answer, 'set-cookie'), jars.get(id) ?? ''));
          if (round < paths.length) continue;
          warm += 1;
          if (isHit(answer)) hits += 1;
        }
      }
      t.same(wrong, []);
      t.ok(hits / warm >= 0.9, `${hits} of ${warm}`);
    },
  );

  t.test(
    `one user in many tabs at once, ${name}: one page is fetched, and one tab gets the cookie`,
    async (t) => {
      const site = await startFlaskSite(config);
      t.teardown(() => site.close());
      const cookie = cookieOf(sessionOf(1));
      const lines = [`Cookie: ${cookie}`];
      await ask(site.url, { target: '/me/first', lines });
      const before = site.seen.length;
      const [tabs, others] = await Promise.all([
        Promise.all(Array.from({ length: 12 }, () => ask(site.url, { target: '/me/home', lines }))),
        Promise.all(
          users.slice(1).map(async (id) => {
            const own = [`Cookie: ${cookieOf(sessionOf(id))}`];
            return [id, await ask(site.url, { target: '/me/home', lines: own })] as const;
          }),
        ),
      ]);
      for (const tab of tabs) t.match(tab.body, 'of user1\n');
      for (const [id, answer] of others) t.equal(answer.body, `page /me/home of user${id}\n`);
      t.equal(site.seen.length - before, users.length, 'one fetch for each user');
      t.equal(tabs.filter((tab) => valuesOf(tab, 'set-cookie').length > 0).length, 1, 'to its cause only');
    },
  );
}

function isOwn(id: number, target: string, answer: RawAnswer): boolean {
  const [path = ''] = target.split('?');
  const renewals = valuesOf(answer, 'set-cookie');
  const own = cookieOf(sessionOf(id)).split('.').slice(0, -2).join('.');
  return (
    answer.body === `page ${path} of user${id}\n` &&
    renewals.every((line) => line.split(';')[0]?.startsWith(`${own}.`))
  );
}
