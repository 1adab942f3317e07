import t from 'tap';
import { configIn, problemsBelow, upstream } from '../fixture.ts';

const identityIn = (keys: string) => configIn(`${upstream}identity: { ${keys} }`).identity;

t.test('credentials are absent, or named; verified sessions are among them', async (t) => {
  t.equal(identityIn('').credentials, undefined);
  t.equal(identityIn('flask_session: {}').credentials, undefined);
  t.strictSame(identityIn('credentials: [a, a]').credentials, ['a']);
  t.strictSame(identityIn('credentials: []').credentials, []);
  t.strictSame(identityIn('credentials: [a], flask_session: {}').credentials, ['a', 'session']);
  t.strictSame(identityIn('credentials: [a], jwt: { cookie: tok, secret: s }').credentials, ['a', 'tok']);
  t.strictSame(identityIn('credentials: [a], jwt: { header: X-Tok, secret: s }').credentials, ['a']);
});

t.test('flask_session and jwt are read', async (t) => {
  t.match(identityIn('flask_session: {}').flaskSession, {
    cookie: 'session',
    secret: undefined,
    maxAge: 2_678_400,
    userClaim: 'user_id',
  });
  t.strictSame(identityIn('jwt: { header: X-Tok, jwks: https://h/k }').jwt, {
    from: { kind: 'header', name: 'x-tok' },
    key: { kind: 'jwks', url: 'https://h/k' },
    claim: 'sub',
  });
});

t.test('ignored claims are read; a content type may vary by them', async (t) => {
  const claims = 'flask_session: { ignore_claims: [flag, draft] }';
  t.strictSame(identityIn(claims).flaskSession?.ignoreClaims, ['flag', 'draft']);
  const types =
    'content_types: { home: { vary: { claims: [draft] } } }\nroutes: [{ match: GET /*, type: home }]\n';
  const { contentTypes } = configIn(`${upstream}identity: { ${claims} }\n${types}`);
  t.strictSame(contentTypes.get('home')?.vary.claims, ['draft']);
});

t.test('a claim that a type varies by must be an ignored one, and its pages somebody’s', async (t) => {
  const within = (keys: string, claims: string): readonly string[] =>
    problemsBelow(
      `identity: { flask_session: { ${claims} } }\ncontent_types: { home: { ${keys} } }\nroutes: [{ match: GET /*, type: home }]\n`,
    );
  t.strictSame(within('vary: { claims: [draft] }', ''), ['2:43 bad-value']);
  t.strictSame(within('vary: { claims: [draft] }, scope: public', 'ignore_claims: [draft]'), [
    '2:43 bad-value',
  ]);
  t.strictSame(within('vary: { claims: [draft] }', 'ignore_claims: [draft]'), []);
});

t.test('a claim that a lifetime depends on cannot be ignored: one copy would have two', async (t) => {
  const within = (claim: string): readonly string[] =>
    problemsBelow(
      `identity: { flask_session: { ignore_claims: [draft] } }\nttl: { factors: [{ name: f, factor: 0.5, when: { claim: { ${claim}: 1 } } }] }\n`,
    );
  t.strictSame(within('draft'), ['2:6 bad-value']);
  t.strictSame(within('draft.id'), ['2:6 bad-value']);
  t.strictSame(within('other.draft'), []);
});

const bad: readonly (readonly [string, readonly string[]])[] = [
  ['credentials: ["a b"]', ['27 bad-name']],
  ['flask_session: { secret: 12345 }', ['38 wrong-type']],
  ['flask_session: { secret: "" }', ['38 empty-value']],
  ['flask_session: { ignore_claims: [flag, user_id] }', ['52 bad-value']],
  ['flask_session: { user_claim: user.id, ignore_claims: [user] }', ['67 bad-value']],
  ['jwt: {}', ['18 missing-key', '18 missing-key']],
  ['jwt: { cookie: a, header: b, secret: s }', ['39 conflicting-keys']],
  ['jwt: { cookie: a, secret: s, jwks: https://h }', ['39 conflicting-keys']],
  ['jwt: { cookie: a, jwks: keys.json }', ['37 bad-url']],
];
for (const [keys, expected] of bad) {
  t.test(`\`${keys}\` is refused`, async (t) => {
    t.strictSame(
      problemsBelow(`identity: { ${keys} }`),
      expected.map((problem) => `1:${problem}`),
    );
  });
}
