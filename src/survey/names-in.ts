/** The names in a request's body: which fields somebody sent, never what they said. */

const mostNames = 12;
const longestName = 60;

/**
 * `json:/theme` for each member of a JSON object, `form:code` for each field of a form, sorted; `undefined`: there is no body, or
 * it cannot be read, or has too many or odd names.
 */
export function namesIn(contentType: string, body: Buffer | undefined): readonly string[] | undefined {
  if (body === undefined || body.length === 0) return undefined;
  const [type = ''] = contentType.toLowerCase().split(';');
  const text = body.toString('utf8');
  const names = namesOf(type.trim(), text);
  if (names === undefined || names.length > mostNames) return undefined;
  return names.some((name) => name.length > longestName || !/^[\w:/~.-]+$/.test(name))
    ? undefined
    : [...new Set(names)].sort();
}

function namesOf(type: string, text: string): readonly string[] | undefined {
  if (type === 'application/x-www-form-urlencoded')
    return [...new URLSearchParams(text).keys()].map((name) => `form:${name}`);
  // Scripts that send on leaving a page say text/plain.
  if (!/^(?:application\/(?:.*\+)?json|text\/plain)$/.test(type)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return Object.keys(value).map((name) => `json:/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`);
  } catch {
    // Not JSON.
    return undefined;
  }
}
