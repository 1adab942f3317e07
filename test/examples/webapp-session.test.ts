/** The sample app's session cookie, against the documented algorithm and against cookies made by Flask itself. */
import t from 'tap';
import { createHmac } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import { createSessionCookies, Session } from '../../examples/webapp/session.ts';

const secret = 'dev-secret-key-change-in-production';
const signedAtMs = 1_790_000_000_000;
const cookies = createSessionCookies(secret);
const noa = { id: 7, firstName: 'Noa', username: 'noa', isAdmin: false, isPremium: true };

// Made by Flask 3.1 with the secret above, at the time above.
const byFlask = {
  compressed:
    '.eJwtzUEKgDAMRNG7zNq9kEN4hRJohICJJWlXxbsL2t3wGPgTpUkYu3gH9RiyYaRE0Qra167cGTSx7NTIXpxNQDhuxn9b4B9oFq6mDjr5SvmghZgO-zPP8wIrEipl.arE7gA.DpwI0dsO0NVeXvTN5CUAatH8Mi0',
  plain: 'eyJfcGVybWFuZW50Ijp0cnVlLCJ1c2VyX2lkIjoxfQ.arE7gA.fVEBy4o4dKeddOtgRaHYKPouTfg',
  withFlash:
    '.eJyNjkEKgzAQRa9i_9qFlEohF-nCSpiasQ11omQSuhDvXqseoJvh8Zj5f2bYiaNQ4JBgUsxcIitH6x3M9WBHiWBmHK73UZMNJAyDe65qrn7T1RufN75gvz22wkir8GrJiQ8wPQ3Km5gii8-ydy8lbD-QvlhhmhnF-lMDYVV68hpw46Ebhcvi8z8UD-reJ7RLu3wB55lQNA.arE7gA.F5X4qTAgEW_sLo9mIRjCgtZW4kg',
};

const open = (value: string, nowMs = signedAtMs) => cookies.open(`a=b; session=${value}; c=d`, nowMs);

const valueOf = (session: Session, nowMs = signedAtMs): string => {
  const [, value] = /^session=([^;]*);/.exec(cookies.setCookie(session, nowMs) ?? '') ?? [];
  return value ?? '';
};

t.test('cookies signed by Flask are accepted', async (t) => {
  t.same(open(byFlask.compressed).user, noa);
  t.same(open(byFlask.plain).data, { _permanent: true, user_id: 1 });
  const session = open(byFlask.withFlash);
  t.equal(session.user?.firstName, 'נועה');
  t.same(session.popFlashes(), ['Welcome, welcome, welcome, welcome, welcome, welcome back!']);
  t.equal(session.data['_flashes'], undefined);
});

t.test('an unchanged session is written back byte for byte', async (t) => {
  for (const value of Object.values(byFlask)) t.equal(valueOf(open(value)), value);
});

t.test('a session written here is signed as itsdangerous does it', async (t) => {
  const session = new Session();
  session.logIn(noa);
  const [payload = '', timestamp = '', signature] = valueOf(session).split(/(?<=.)\./);
  const key = createHmac('sha1', secret).update('cookie-session').digest();
  t.equal(signature, createHmac('sha1', key).update(`${payload}.${timestamp}`).digest('base64url'));
  t.equal(Buffer.from(timestamp, 'base64url').readUInt32BE(), signedAtMs / 1000);
  t.equal(
    inflateSync(Buffer.from(payload.slice(1), 'base64url')).toString(),
    '{"_permanent":true,"user_data":{"first_name":"Noa","id":7,"is_admin":false,"is_premium":true,"username":"noa"},"user_id":7}',
    'sorted keys, no spaces, compressed because that is shorter',
  );
});

t.test('renewing changes time and signature, never the payload', async (t) => {
  const session = new Session();
  session.logIn({ ...noa, firstName: 'נועה' });
  const first = valueOf(session);
  const second = valueOf(open(first), signedAtMs + 1000);
  t.not(second, first);
  t.equal(second.split(/(?<=.)\./)[0], first.split(/(?<=.)\./)[0]);
});

t.test('a cookie that cannot be trusted is an anonymous, unchanged session', async (t) => {
  const dayMs = 24 * 3600 * 1000;
  const { compressed, plain } = byFlask;
  const untrusted: Record<string, Session> = {
    'another payload': open(compressed.replace('.eJw', '.eJx')),
    'another signature': open(plain.replace(/.$/, 'A')),
    'no signature': open(plain.replace(/\.[^.]*$/, '')),
    'an earlier time': open(plain.replace('arE7gA', 'arE7fw')),
    'one of the future': open(plain, signedAtMs - 1000),
    'one 31 days and a second old': open(plain, signedAtMs + 31 * dayMs + 1000),
    'another secret': createSessionCookies('other').open(`session=${plain}`, signedAtMs),
    nonsense: open('..'),
    none: cookies.open(undefined, signedAtMs),
  };
  for (const [what, session] of Object.entries(untrusted)) {
    t.equal(session.isEmpty, true, what);
    t.equal(cookies.setCookie(session, signedAtMs), undefined, `${what}: no cookie is set`);
  }
  t.equal(open(plain, signedAtMs + 31 * dayMs).isEmpty, false, '31 days are not too old');
});

t.test('a logout takes the cookie away', async (t) => {
  const session = open(byFlask.compressed);
  session.logOut();
  t.match(
    cookies.setCookie(session, signedAtMs),
    /^session=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0;/,
  );
});
