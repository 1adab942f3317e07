/**
 * Makes a URL fit for operators: the values of parameters with secret-looking names are hidden (DESIGN §3.12), and its length
 * is bounded.
 */

const secretName =
  /(^|[_.-])(token|secret|password|passwd|pwd|key|apikey|api_key|sig|signature|code|auth|session|sid|jwt|otp|nonce|state|credential|email)s?($|[_.-])/i;
const longest = 300;

/** Whether the value of a parameter or field with this name is probably a secret. */
export const isSecretName = (name: string): boolean => secretName.test(name);

/** The target with the values of secret-looking parameters replaced by `…`. */
export function maskTarget(target: string): string {
  const from = target.indexOf('?');
  const path = from < 0 ? target : target.slice(0, from);
  const text =
    from < 0
      ? path
      : `${path}?${target
          .slice(from + 1)
          .split('&')
          .map(maskPair)
          .join('&')}`;
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

function maskPair(pair: string): string {
  const name = pair.replace(/=.*/s, '');
  return pair.includes('=') && isSecretName(readable(name)) ? `${name}=…` : pair;
}

function readable(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    // Invalid percent-encoding: used as written.
    return name;
  }
}
