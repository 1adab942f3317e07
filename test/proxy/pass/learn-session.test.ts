/** DESIGN §5: without the app's secret, only what the origin gave or renewed is proof of who someone is. */
import t from 'tap';
import { sessionDigest } from '../../../src/policy/identity/session-proof.ts';
import { createLearnSession } from '../../../src/proxy/pass/learn-session.ts';
import { exchangeBut } from '../exchange-but.ts';

const flask = (more = '') => `
unmatched: standard
identity: { flask_session: { cookie: session${more} } }
`;
const [payload, other] = ['eyJ1c2VyX2lkIjoxfQ', 'eyJ1c2VyX2lkIjoyfQ'];
const cookieOf = (data: string, signature: string): string => `${data}.aaaaaa.${signature.repeat(27)}`;
const [sent, renewed] = [cookieOf(payload, 'A'), cookieOf(payload, 'B')];

/** What is trusted after an answer. */
function learned(
  setCookies: readonly string[],
  { rules = flask(), cookie = `session=${sent}` } = {},
): string[] {
  const trusted: string[] = [];
  const { exchange } = exchangeBut(rules, { fields: ['Cookie', cookie] });
  createLearnSession((digest) => trusted.push(digest))(exchange, setCookies);
  return trusted;
}

t.test('a cookie that the origin sets is its own; the one it renews was valid', async (t) => {
  const given = sessionDigest(renewed);
  t.strictSame(learned([`session=${renewed}; Path=/`]), [given, sessionDigest(sent)]);
  t.strictSame(learned([`session=${renewed}`], { cookie: 'a=b' }), [given]);
  t.strictSame(
    learned([`session=${cookieOf(other, 'B')}`]),
    [sessionDigest(cookieOf(other, 'B'))],
    'a login',
  );
});

t.test('nothing else is learned', async (t) => {
  t.strictSame(learned([]), []);
  t.strictSame(learned([`other=${renewed}`]), []);
  t.strictSame(learned(['session=; Max-Age=0']), []);
  t.strictSame(
    learned([`session=${renewed}`], { rules: flask(', secret: s') }),
    [],
    'signatures are checked',
  );
  t.strictSame(learned([`session=${renewed}`], { rules: 'unmatched: standard' }), []);
});

t.test('a request with two session cookies, or that was sent without its own, proves neither', async (t) => {
  const given = sessionDigest(renewed);
  const twice = `session=${sent}; session=${sent}`;
  t.strictSame(learned([`session=${renewed}`], { cookie: twice }), [given]);
  const rules = `${flask()}content_types: { page: { ttl: 60s, scope: public } }
routes: [{ match: GET /a/:id, type: page }]`;
  t.strictSame(learned([`session=${renewed}`], { rules }), [given]);
});
