import t from 'tap';
import { parseConfig } from '../../../src/config/schema/check.ts';
import { renderProblem } from '../../../src/config/reader/problem.ts';
import { configIn, problemsBelow, upstream } from '../fixture.ts';

const serverIn = (keys: string, env = {}) =>
  configIn(`${upstream}store: { redis: { ${keys} } }`, { env }).store.redis?.server;

t.test('settings beside a URL become part of it, encoded', async (t) => {
  const env = { USER: 'sh:elf', PASSWORD: 'p@ss/w%rd "é' };
  t.strictSame(serverIn('url: redis://r:6379/2, username: "${USER}", password: "${PASSWORD}"', env), {
    kind: 'url',
    url: `redis://${encodeURIComponent(env.USER)}:${encodeURIComponent(env.PASSWORD)}@r:6379/2`,
    tls: undefined,
  });
  t.match(serverIn('url: redis://me@r, password: secret'), { url: 'redis://me:secret@r' });
  t.match(serverIn('url: redis://r, tls: true'), {
    url: 'rediss://r',
    tls: { ca: undefined, client: undefined },
  });
  t.match(serverIn('url: redis://r, tls: false'), { url: 'redis://r', tls: undefined });
  t.match(serverIn('url: "REDISS://r"'), { url: 'rediss://r' }, 'TLS in whatever case it is written');
});

t.test('a Cluster and Sentinels have users and TLS of their own', async (t) => {
  t.match(serverIn('cluster: ["a:1"], username: me, password: secret, tls: { ca: ca.pem }'), {
    login: { username: 'me', password: 'secret' },
    tls: { ca: 'ca.pem', client: undefined },
  });
  const keys = 'sentinels: ["a:1"], name: m, password: one, sentinel_username: me, sentinel_password: other';
  t.match(serverIn(`${keys}, tls: { cert: c.pem, key: k.pem }`), {
    login: { username: undefined, password: 'one' },
    sentinelLogin: { username: 'me', password: 'other' },
    tls: { ca: undefined, client: { cert: 'c.pem', key: 'k.pem' } },
  });
});

const bad: readonly (readonly [string, string])[] = [
  ['url: redis://u:p@a, username: x', '49 conflicting-keys'],
  ['url: redis://u:p@a, password: x', '49 conflicting-keys'],
  ['url: "redis://:p@a", password: x', '50 conflicting-keys'],
  ['url: redis://u@a', '24 missing-key'],
  ['url: redis://u:p%@a', '24 bad-url'],
  ['url: redis://a, username: x', '45 missing-key'],
  ['cluster: ["a:1"], username: x', '47 missing-key'],
  ['cluster: ["a:1"], sentinel_password: x', '56 conflicting-keys'],
  ['sentinels: ["a:1"], name: m, sentinel_username: x', '67 missing-key'],
  ['url: rediss://a, tls: false', '41 conflicting-keys'],
  ['url: rediss://a, tls: { cert: c }', '49 missing-key'],
  ['url: rediss://a, tls: { key: c }', '48 missing-key'],
  ['url: rediss://a, tls: 3', '41 wrong-type'],
  ['cluster: ["a:1"], password: ${NONE}', '47 missing-variable'],
];
for (const [keys, expected] of bad) {
  t.test(`redis: \`${keys}\` is refused`, async (t) => {
    t.strictSame(problemsBelow(`store: { redis: { ${keys} } }`), [`1:${expected}`]);
  });
}

t.test('no problem shows a password, wherever it was written', async (t) => {
  for (const keys of [
    'cluster: ["a:1"], password: "hush-1", sentinel_password: hush-2',
    "url: redis://me:hush-1@a, password: 'hush-2'",
    'url: redis://me:hush-1@a/b, sentinel_password: "hush-2"',
  ]) {
    const read = parseConfig(`store: { redis: { ${keys} } }`, { file: 'f', env: {} });
    if (read.kind === 'ok') throw new Error('it is good');
    t.notMatch(read.problems.map(renderProblem).join('\n'), 'hush');
  }
});
