import t from 'tap';
import { combinedValue } from '../../../src/http/fields.ts';
import { parseRequestDirectives } from '../../../src/http/cache-control.ts';
import { seconds } from '../../../src/kit/time.ts';
import type { StorageTerms } from '../../../src/proxy/fetch/storage-terms.ts';
import {
  type EntryResult,
  lifetimeByRule,
  makeEntry,
  planStorage,
  type StoredHead,
} from '../../../src/proxy/fetch/storing.ts';
import { headBut, termsBut } from './terms-but.ts';

const standard = 'unmatched: standard';
const ruled = (more: string): string =>
  `ttl: { jitter: 0 }\ncontent_types: { page: { scope: public, ttl: 60s, ${more} } }\n` +
  'routes: [{ match: "GET /a/:id", type: page, tags: ["a:{id}"] }]';
const asOf = { log: 'log', seq: 7 };

const reasonOf = (terms: StorageTerms, head: StoredHead): string => {
  const plan = planStorage(terms, head);
  return plan.kind === 'no' ? plan.reason : 'stored';
};

t.test('the head decides whether the body is kept', (t) => {
  const fresh = ['Cache-Control', 'max-age=60'];
  const cases: readonly (readonly [string, StorageTerms, StoredHead, string])[] = [
    ['explicit freshness', termsBut(standard), headBut(fresh), 'stored'],
    ['HEAD', termsBut(standard, { method: 'HEAD' }), headBut(fresh), 'head-request'],
    ['no-store', termsBut(standard), headBut(['Cache-Control', 'no-store']), 'no-store'],
    ['by rule, obeyed', termsBut(ruled('')), headBut(['Cache-Control', 'no-store']), 'no-store'],
    [
      'overridden',
      termsBut(ruled('cache_control: override')),
      headBut(['Cache-Control', 'no-store']),
      'stored',
    ],
    ['a status not listed', termsBut(ruled('')), headBut([], { status: 500 }), 'status-not-listed'],
    ['a cookie', termsBut(ruled('')), headBut(['Set-Cookie', 'a=b']), 'set-cookie'],
    ['a cookie stripped', termsBut(ruled('set_cookie: strip')), headBut(['Set-Cookie', 'a=b']), 'stored'],
    [
      'too short',
      termsBut(ruled('unless: { smaller_than: 10 }')),
      headBut(['Content-Length', '9']),
      'unless',
    ],
    ['private, shared', termsBut(ruled('')), headBut(['Cache-Control', 'private']), 'private'],
    [
      'the client says no-store',
      termsBut(standard, { directives: parseRequestDirectives(['Cache-Control', 'no-store']) }),
      headBut(fresh),
      'request-no-store',
    ],
  ];
  for (const [name, terms, head, reason] of cases) t.equal(reasonOf(terms, head), reason, name);
  t.end();
});

function entryFor(terms: StorageTerms, head: StoredHead, body = 'page'): EntryResult {
  const plan = planStorage(terms, head);
  if (plan.kind === 'no') throw new Error(plan.reason);
  return makeEntry(terms, { head, plan, body: Buffer.from(body), asOf, originSeconds: seconds(1) });
}

t.test('an entry has all that decides its reuse, and nothing of one client', (t) => {
  const head = headBut(['Set-Cookie', 'a=b', 'Content-Type', 'text/html', 'Age', '5', 'X-Request-ID', 'one']);
  const made = entryFor(termsBut(ruled('set_cookie: strip, etag: true')), head);
  if (made.kind === 'no') throw new Error(made.reason);
  const { fields, tags, policy } = made.entry;
  for (const name of ['set-cookie', 'age', 'x-request-id'])
    t.equal(combinedValue(fields, name), undefined, name);
  t.match(combinedValue(fields, 'etag'), /^"[\w-]{27}"$/, 'a strong ETag from its bytes');
  t.ok(combinedValue(fields, 'date'), 'a Date where there was none');
  for (const tag of ['type:page', 'url:/a/1', 'a:1']) t.ok(tags.map(String).includes(tag), tag);
  t.equal(policy.lifetime - policy.initialAge, 60);
  t.hasStrict(made.entry, { asOf, variant: 'only', partition: 'public', target: '/a/1' });
  t.end();
});

t.test('the body or a field can still forbid storing', (t) => {
  for (const [name, rules, fields, reason] of [
    ['unless', ruled('unless: { body_contains: page }'), [], 'unless'],
    ['a Vary nobody can answer', ruled(''), ['Vary', 'X-Forwarded-For'], 'vary-any'],
    [
      'no life and no validator',
      ruled('cache_control: obey'),
      ['Cache-Control', 'max-age=0'],
      'zero-lifetime',
    ],
  ] as const) {
    t.strictSame(entryFor(termsBut(rules), headBut(fields)), { kind: 'no', reason }, name);
  }
  t.end();
});

t.test('the variant is selected by the fields in the origin’s Vary', (t) => {
  const head = headBut(['Cache-Control', 'max-age=60', 'Vary', 'Accept-Language']);
  const variantFor = (language: string): string => {
    const terms = termsBut(standard);
    const plan = { ...terms.plan, selectingFields: () => ['Accept-Language', language] };
    const made = entryFor({ ...terms, plan }, head);
    return made.kind === 'entry' ? made.entry.variant : made.reason;
  };
  t.equal(variantFor('he'), variantFor('he'));
  t.not(variantFor('he'), variantFor('en'));
  t.end();
});

t.test('the lifetime is the rule’s, bounded by the origin’s where the rule obeys it', (t) => {
  const popular = 'factors: [{ name: hot, factor: 2, when: { access: high } }]';
  for (const [name, rules, fields, change, lifetime] of [
    ['the rule alone', ruled(''), [], {}, 60],
    ['obeyed, less the second it took', ruled(''), ['Cache-Control', 'max-age=20'], {}, 19],
    ['less its age', ruled(''), ['Cache-Control', 'max-age=20', 'Age', '5'], {}, 14],
    ['overridden', ruled('cache_control: override'), ['Cache-Control', 'max-age=20'], {}, 60],
    ['seldom asked for', `${ruled('')}\n`.replace('jitter: 0', `jitter: 0, ${popular}`), [], {}, 60],
    ['popular', ruled('').replace('jitter: 0', `jitter: 0, ${popular}`), [], { isPopular: true }, 120],
    ['by status', ruled('statuses: { 200: 45s }'), [], {}, 45],
  ] as const) {
    const terms = termsBut(rules, change);
    const head = headBut(fields);
    const plan = planStorage(terms, head);
    if (plan.kind === 'no') throw new Error(plan.reason);
    t.equal(lifetimeByRule(terms, { head, plan, body: Buffer.alloc(0) }).lifetime, lifetime, name);
  }
  t.end();
});
