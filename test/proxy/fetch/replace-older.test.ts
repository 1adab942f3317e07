/** What a reload by parameter ends; by real exchanges: test/e2e/query-reload.test.ts. */

import t from 'tap';
import { endReplaced, replacing } from '../../../src/proxy/fetch/replace-older.ts';
import { copyTag } from '../../../src/policy/rules/entry-tags.ts';
import type { Entry } from '../../../src/store/store.ts';
import { exchangeBut } from '../exchange-but.ts';

const rules = `
content_types: { page: { ttl: 60s, scope: public, query: { reload: { no_cache: "1" } } } }
routes: [{ match: GET /a/*, type: page }]
`;

function asked(query: string, method = 'GET') {
  const { exchange, storedBut } = exchangeBut(rules, { method, url: `/a/1${query}` });
  const entry = storedBut({ tags: [copyTag(exchange.plan.key)] });
  const verdict = ({ tags, asOf, host, target }: Entry): string =>
    exchange.services.purgeLog.verdict({ tags, asOf, host, target }).kind;
  return { exchange, entry, verdict };
}

t.test('a reload ends what is older, and is itself from after that', async (t) => {
  const { exchange, entry, verdict } = asked('?no_cache=1');
  const stored = replacing(exchange, entry);
  t.equal(verdict(entry), 'purged');
  t.equal(verdict(stored), 'current');
  replacing(exchange, entry);
  t.equal(verdict(stored), 'purged', 'by the next reload');
});

t.test('any other answer ends nothing', async (t) => {
  const { exchange, entry, verdict } = asked('');
  t.equal(replacing(exchange, entry), entry);
  endReplaced(exchange, 200, 'set-cookie');
  t.equal(verdict(entry), 'current');
});

t.test('an answer that is not stored ends what is older unless it tells of a failure', async (t) => {
  const cases = [
    ['GET', 200, 'set-cookie', 'purged'],
    ['GET', 404, 'status-not-listed', 'purged'],
    ['GET', 200, 'unless', 'current'],
    ['GET', 429, 'status-not-listed', 'current'],
    ['GET', 500, 'status-not-listed', 'current'],
    ['HEAD', 200, 'head-request', 'current'],
  ] as const;
  for (const [method, status, reason, expected] of cases) {
    const { exchange, entry, verdict } = asked('?no_cache=1', method);
    endReplaced(exchange, status, reason);
    t.equal(verdict(entry), expected, `${status} ${reason}`);
  }
});
