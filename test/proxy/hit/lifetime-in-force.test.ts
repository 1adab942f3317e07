import { gzipSync } from 'node:zlib';
import t from 'tap';
import { headInForce, lifetimeInForce } from '../../../src/proxy/hit/lifetime-in-force.ts';
import { headOf } from '../../../src/store/store.ts';
import { entryBut } from '../../store/entry.ts';
import { exchangeBut } from '../exchange-but.ts';

const { site } = exchangeBut(`
ttl: { jitter: 0 }
content_types:
  page: { ttl: 60s, cache_control: override }
routes:
  - { match: GET /a/:id, type: page }
`).exchange;
const rule = site.lifetimes.get('page') ?? '';

t.test('what another rule stored gets the lifetime of the rule in force', async (t) => {
  const stored = entryBut({ contentType: 'page' });
  const other = lifetimeInForce(site)(stored);
  t.match(other, { policy: { lifetime: 60 }, basis: { rule } });
  t.equal(other.body, stored.body);
  t.match(headInForce(site, headOf(stored)), { policy: { lifetime: 60 }, basis: { rule } });
  const body = gzipSync('text');
  t.match(lifetimeInForce(site)({ ...stored, body, coding: 'gzip' }), { body, policy: { lifetime: 60 } });
});

t.test('what this rule stored, or a type that is no more, stays as it is', async (t) => {
  const { basis } = entryBut();
  for (const stored of [
    entryBut({ contentType: 'page', basis: { ...basis, rule } }),
    entryBut({ contentType: 'gone' }),
  ])
    t.equal(lifetimeInForce(site)(stored), stored);
});
