/** CodeBot's session: Flask's signed cookie, renewed on every answer; remember_me, which logs in on any GET. */

import { createSessionCookies, Session } from '../../examples/webapp/session.ts';
import { people } from './codebot-model.ts';

export const secret = 'a-secret-of-the-app-that-nobody-knows';
const signed = createSessionCookies(secret);

export type SessionData = Readonly<Record<string, unknown>>;

/** What a login writes into the session. */
export const loginData = (user: number): SessionData => ({
  _permanent: true,
  user_id: user,
  user_data: {
    id: user,
    first_name: people.get(user)?.name ?? '',
    is_admin: people.get(user)?.isAdmin ?? false,
    is_premium: false,
  },
});

export type Visit = {
  /** The session as it came; empty for nobody. */
  readonly session: SessionData;
  readonly user: number | undefined;
  readonly isAdmin: boolean;
  readonly isImpersonating: boolean;
  readonly cookies: ReadonlyMap<string, string>;
};

/** Who comes with these cookies. A forged session is nobody's, silently. */
export function visitOf(
  line: string | undefined,
  { nowMs, rememberTokens }: { nowMs: number; rememberTokens: ReadonlyMap<string, number> },
): Visit & { readonly isLoggedInNow: boolean } {
  const cookies = new Map<string, string>();
  for (const pair of (line ?? '').split(/; */)) {
    const [name = '', ...value] = pair.split('=');
    if (name !== '' && !cookies.has(name)) cookies.set(name, value.join('='));
  }
  const came = signed.open(line, nowMs).data;
  const remembered =
    typeof came['user_id'] === 'number' ? undefined : rememberTokens.get(cookies.get('remember_me') ?? '');
  const session = remembered === undefined ? came : { ...came, ...loginData(remembered) };
  const user = typeof session['user_id'] === 'number' ? session['user_id'] : undefined;
  const isImpersonating = session['admin_impersonation_active'] === true;
  const isAdmin = user !== undefined && people.get(user)?.isAdmin === true;
  return { session, user, isAdmin, isImpersonating, cookies, isLoggedInNow: remembered !== undefined };
}

/** The Set-Cookie that ends an answer: the session signed anew, with the same payload if it is the same. */
export function sessionLine(session: SessionData, nowMs: number): string {
  const line = signed.setCookie(new Session(session), nowMs);
  return line ?? 'session=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; HttpOnly; Path=/';
}
