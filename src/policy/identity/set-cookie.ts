/** What a response's Set-Cookie means for storing the rest of it (CONTRACT §2.2, DESIGN §3.5). */

import type { ContentType, IdentityConfig } from '../../config/config.ts';
import { parseSetCookie } from '../../http/cookies.ts';
import { parseFlaskCookie } from './flask-session.ts';
import type { Identity } from './identity.ts';

/** `none`: no Set-Cookie. `renewal`: the same session again. `strip`: store without it. `forbids`: do not store. */
type SetCookieMeaning = 'none' | 'renewal' | 'strip' | 'forbids';

/** The meaning of all Set-Cookie lines of one response together. */
export function setCookieMeaning(
  lines: readonly string[],
  { contentType, identity, config }: { contentType: ContentType; identity: Identity; config: IdentityConfig },
): SetCookieMeaning {
  if (lines.length === 0) return 'none';
  const isPersonal = contentType.kind === 'rule' && contentType.scope === 'user';
  if (
    contentType.setCookie === 'strip' &&
    !isPersonal &&
    !(contentType.kind === 'standard' && identity.kind === 'known')
  ) {
    return 'strip';
  }
  // On a public route the fetch has no session that a cookie could renew.
  if (contentType.kind === 'rule' && contentType.scope === 'public') return 'forbids';
  return lines.every((line) => isRenewal(line, identity, config)) ? 'renewal' : 'forbids';
}

/** A cookie set to expire is not a renewal, whatever its value. */
const endsNow = /;[ \t]*max-age[ \t]*=[ \t]*(?:0|-)/i;

/** The same payload with a newer signature. */
function isRenewal(line: string, identity: Identity, config: IdentityConfig): boolean {
  if (identity.kind !== 'known' || identity.session === undefined) return false;
  const { name, value } = parseSetCookie(line);
  if (name !== config.flaskSession?.cookie || endsNow.test(line)) return false;
  return parseFlaskCookie(value)?.payload === identity.session.payload;
}
