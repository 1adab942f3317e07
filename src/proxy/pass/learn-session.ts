/**
 * What an answer of the origin proves about session cookies (DESIGN §5, identities without a secret). A cookie it sets is
 * its own. A cookie it answers with a renewal of the same payload was valid: a forged one is answered as nobody's.
 */

import { type Seconds, seconds } from '../../kit/time.ts';
import { parseCookieLine, parseSetCookie } from '../../http/cookies.ts';
import { parseFlaskCookie } from '../../policy/identity/flask-session.ts';
import { sessionDigest } from '../../policy/identity/session-proof.ts';
import type { Exchange, LearnSession } from '../exchange/exchange.ts';

type Trust = (cookieDigest: string, keptFor: Seconds) => void;

/** Requests under way and other tabs may still send a cookie that was renewed. */
const supersededFor = seconds(300);

/** Makes the function that is told of every answer's Set-Cookie lines. */
export function createLearnSession(trust: Trust): LearnSession {
  return (exchange, setCookies) => {
    const { flaskSession } = exchange.site.config.identity;
    if (flaskSession === undefined || flaskSession.secret !== undefined || setCookies.length === 0) return;
    for (const line of setCookies) {
      const given = parseSetCookie(line);
      const parsed = given.name === flaskSession.cookie ? parseFlaskCookie(given.value) : undefined;
      if (parsed === undefined) continue;
      trust(sessionDigest(given.value), flaskSession.maxAge);
      const sent = wasSent(exchange) ? sentCookie(exchange, flaskSession.cookie) : undefined;
      if (sent === undefined || sent === given.value) continue;
      if (parseFlaskCookie(sent)?.payload === parsed.payload) trust(sessionDigest(sent), supersededFor);
    }
  };
}

/** A fetch for a public route goes without cookies: its answer proves nothing about those of the client. */
const wasSent = ({ match: { contentType } }: Exchange): boolean =>
  contentType.kind !== 'rule' || contentType.scope !== 'public';

/** The one session cookie of the request; none where there are two. */
function sentCookie({ request }: Exchange, name: string): string | undefined {
  if (request.repeated.includes('cookie')) return undefined;
  const cookies = parseCookieLine(request.known.cookie ?? '');
  const own = cookies.kind === 'ok' ? cookies.cookies.filter((cookie) => cookie.name === name) : [];
  return own.length === 1 ? own[0]?.value : undefined;
}
