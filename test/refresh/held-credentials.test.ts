import t from 'tap';
import { seconds } from '../../src/kit/time.ts';
import { userTag } from '../../src/policy/rules/entry-tags.ts';
import type { CacheExchange } from '../../src/proxy/exchange/exchange.ts';
import { HeldCredentials, withCredentials } from '../../src/refresh/held-credentials.ts';
import { LocalPurgeLog } from '../../src/store/purge-log.ts';

/** What of an exchange is held. */
const visit = (user: string, value = 'secret'): CacheExchange =>
  ({
    identity: {
      kind: 'known',
      user,
      cookies: [{ name: 'session', value }],
      tokenFields: [],
    },
    plan: { partition: `partition of ${user}` },
    request: { known: {}, forwardedFor: '203.0.113.7' },
  }) as unknown as CacheExchange;

const limit = seconds(600);
const purge = (user: string) =>
  ({ tags: [userTag(user)], prefixes: [], everything: false, soft: false, cause: 'write' }) as const;

t.test('the last credentials of people seen lately are kept until too old or purged', async (t) => {
  const log = new LocalPurgeLog('log');
  const held = new HeldCredentials(log);
  held.note(visit('ann', 'first'), 0);
  held.note(visit('ann', 'second'), 1000);
  held.note(visit('bob'), 1000);
  const get = (user: string, nowMs: number) => held.get(`partition of ${user}`, { nowMs, limit });
  t.match(get('ann', 2000)?.cookies, [{ value: 'second' }]);
  await log.append(purge('ann'));
  t.equal(get('ann', 2000), undefined, 'a purge of the user drops them');
  t.ok(get('bob', 2000), 'and nobody else’s');
  held.note(visit('ann', 'third'), 3000);
  t.match(get('ann', 3000)?.cookies, [{ value: 'third' }], 'a later visit is held again');
  t.equal(get('bob', 602_000), undefined);
  held.forgetOld(604_000, limit);
  t.equal(held.size, 0);
});

t.test('the number of credentials is bounded', async (t) => {
  const held = new HeldCredentials(new LocalPurgeLog('log'));
  for (let user = 0; user < 5000; user += 1) held.note(visit(`u${user}`), user);
  t.equal(held.size, 2000);
});

t.test('a request has the credentials once, beside the other cookies', async (t) => {
  const log = new LocalPurgeLog('log');
  const held = new HeldCredentials(log);
  held.note(visit('ann'), 0);
  const anns = held.get('partition of ann', { nowMs: 0, limit });
  if (anns === undefined) throw new Error('nothing is held');
  const fields = ['Accept', '*/*', 'Cookie', 'theme=dark; session=other'];
  t.strictSame(
    withCredentials(fields, { ...anns, authorization: 'Basic YQ==', tokenFields: ['X-Jwt', 't'] }),
    ['Accept', '*/*', 'X-Jwt', 't', 'Cookie', 'session=secret; theme=dark', 'Authorization', 'Basic YQ=='],
  );
});
