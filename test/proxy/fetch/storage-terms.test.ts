import t from 'tap';
import { termsOf } from '../../../src/proxy/fetch/storage-terms.ts';
import { exchangeBut } from '../exchange-but.ts';

const page = (rule: string) => `
content_types:
  page: { ${rule} }
routes:
  - { match: GET /a/:id, type: page }
`;

t.test('terms are the request’s, its rule’s and its place’s', async (t) => {
  const { exchange } = exchangeBut(page('ttl: 60s'), { method: 'HEAD', url: '/a/1?b=2' });
  const terms = termsOf(exchange);
  t.match(terms, { method: 'HEAD', target: '/a/1?b=2', query: 'b=2', host: 'example.org', isPopular: false });
  t.equal(terms.lifetimeRule, exchange.site.lifetimes.get('page'));
  t.equal(termsOf(exchange, 'GET').method, 'GET', 'a stored GET response is renewed');
});

t.test('popularity is asked for only where a rule depends on it', async (t) => {
  for (const [rule, isPopular] of [
    ['ttl: 60s', false],
    ['ttl: 60s, refresh_ahead: true', true],
  ] as const) {
    const { exchange } = exchangeBut(page(rule));
    for (let count = 0; count < 1000; count += 1)
      exchange.services.popularity.record(exchange.plan.key, exchange.now);
    t.equal(termsOf(exchange).isPopular, isPopular, rule);
  }
});
