/**
 * Coming and going: login, logout, and where visitors without a login are sent.
 */
import { textField } from './drafts.ts';
import { showLogin } from './pages.ts';
import { authenticate } from './people.ts';
import { bodyFields, jsonReply, redirectReply, type Reply, type Route, type Visit } from './visit.ts';

/** A right login starts a session and leads to where the visitor wanted to go; a wrong one shows the form again, as 200. */
const logIn = async (visit: Visit): Promise<Reply> => {
  const fields = bodyFields(visit);
  const username = textField(fields, 'username', { most: 100, otherwise: '' });
  const password = textField(fields, 'password', { most: 100, otherwise: '' });
  const user = await authenticate(visit.db, username, password);
  if (user === undefined) return showLogin(visit, 'Unknown user name or wrong password.');
  visit.session.logIn(user);
  visit.session.flash(`Welcome, ${user.firstName}.`);
  return redirectReply(localTarget(visit.query.get('next')) ?? '/files', 302);
};

const logOut = (visit: Visit): Reply => {
  visit.session.logOut();
  return redirectReply('/', 302);
};

/** What a visitor without a login gets on a member's route: 401 for programs, the way to the login for people. */
export const loginRequired = (visit: Visit): Reply => {
  const wantsJson = visit.path.startsWith('/api/') || visit.headers.accept === 'application/json';
  if (wantsJson) return jsonReply({ ok: false, error: 'login required' }, 401);
  return redirectReply(
    `/login?next=${encodeURIComponent(visit.method === 'GET' ? visit.target : '/files')}`,
    302,
  );
};

/** A target on this site; undefined for anything that a browser could take for another one. */
const localTarget = (next: string | null): string | undefined =>
  next !== null && /^\/(?![/\\])[\x21-\x7e]*$/.test(next) ? next : undefined;

/** The routes of this file. */
export const accountRoutes: readonly Route[] = [
  { match: 'POST /login', access: 'anyone', handle: logIn },
  { match: 'GET /logout', access: 'anyone', handle: logOut },
];
