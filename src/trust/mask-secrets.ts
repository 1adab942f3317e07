/**
 * Makes text from bodies fit for operators: what may be a credential is hidden, and the length is bounded.
 *
 * Promise: cookies, tokens, keys, mail addresses and long opaque strings do not come through, whatever they are called.
 */

const longest = 160;
const most = 4096;

/** A name that is followed by something secret, and what follows it: in JSON, in attributes, in `name=value`. */
const named =
  /((?:csrf|xsrf|authenticity|token|secret|passw(?:or)?d|pwd|api_?key|signature|session|sid|jwt|otp|nonce|cookie|authorization|credential|bearer)[\w-]*["']?(?:\s*[:=]\s*|\s+(?:content|value)\s*=\s*)["']?)([^\s"'&<>,;]+)/gi;
const mail = /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g;
/** Words are shorter, or have no digits. */
const opaque = /(?:(?=[\w+/=-]*\d)(?=[\w+/=-]*[a-z])[\w+/=-]{16,}|[\w+/=-]{32,})(?:\.[\w+/=-]{8,})*/gi;

/** The text without secrets. */
export function maskSecrets(text: string): string {
  const masked = text
    .slice(0, most)
    .replace(named, '$1…')
    .replace(mail, '…@…')
    .replace(opaque, '…')
    .replace(/\s+/g, ' ')
    .trim();
  return masked.length > longest ? `${masked.slice(0, longest)}…` : masked;
}

const secretName =
  /csrf|xsrf|authenticity|token|secret|passw|pwd|api_?key|signature|session|^sid$|jwt|otp|nonce|cookie|auth|credential/i;

/** A value with the name it has in JSON, without secrets. */
export const maskValue = (name: string, value: string): string =>
  secretName.test(name) && value !== '' ? '…' : maskSecrets(value);
