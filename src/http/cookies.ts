/** Reads the Cookie request field where it has only one reading (RFC 6265 §4.2, §5.4), else reports a doubt. */

export type Cookie = { readonly name: string; readonly value: string };

export type CookieDoubt = 'several-cookie-lines' | 'odd-cookie-syntax';

type Cookies =
  | { readonly kind: 'ok'; readonly cookies: readonly Cookie[] }
  | { readonly kind: 'doubt'; readonly reason: CookieDoubt };

const odd: Cookies = { kind: 'doubt', reason: 'odd-cookie-syntax' };

/** Reads the value of one Cookie line. */
export function parseCookieLine(line: string): Cookies {
  const cookies: Cookie[] = [];
  for (const piece of line.split(';')) {
    const text = piece.trim();
    if (text === '') continue;
    const equals = text.indexOf('=');
    const name = equals === -1 ? text : text.slice(0, equals).trimEnd();
    const value = equals === -1 ? '' : text.slice(equals + 1).trimStart();
    // `$Version`, `$Path`: some parsers still read these RFC 2965 attributes as parts of the previous cookie.
    if (name.startsWith('$') || equals === -1 || !hasOneReading(value)) return odd;
    cookies.push({ name, value });
  }
  return { kind: 'ok', cookies };
}

/** A quote that is not one whole pair around the value may swallow a `;` and hide or forge a cookie. */
function hasOneReading(value: string): boolean {
  const first = value.indexOf('"');
  if (first === -1) return true;
  if (first !== 0 || value.length < 2 || !value.endsWith('"')) return false;
  return value.indexOf('"', 1) === value.length - 1 && !value.includes('\\');
}

/** The name a lenient server might read. It may take two cookies with equal folded names for one. */
export function foldCookieName(name: string): string {
  const decoded = name.includes('%') ? decodeEscapes(name) : name;
  return decoded.replaceAll(/[^!#$%&'*+.^_`|~0-9A-Za-z-]/g, '').toLowerCase();
}

function decodeEscapes(name: string): string {
  return name.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** The name and value of a Set-Cookie line (RFC 6265 §5.2), attributes left out. */
export function parseSetCookie(line: string): Cookie {
  const end = line.indexOf(';');
  const pair = end === -1 ? line : line.slice(0, end);
  const equals = pair.indexOf('=');
  if (equals === -1) return { name: '', value: pair.trim() };
  return { name: pair.slice(0, equals).trim(), value: pair.slice(equals + 1).trim() };
}

/** The value of a Cookie field. */
export const formatCookies = (cookies: readonly Cookie[]): string =>
  cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
