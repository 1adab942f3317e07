/** Spells a path canonically (RFC 3986 §6.2.2): only paths that mean the same get one spelling. */

/** A path character as written: raw where allowed, else escaped with upper-case digits. */
export const spelled = (code: number): string =>
  isPathCharacter(code) ? String.fromCharCode(code) : `%${code.toString(16).toUpperCase().padStart(2, '0')}`;

/** Whether an escape means the raw character. `%2F` and `%3B` do not: raw, `/` and `;` are delimiters. */
export const isPlain = (code: number): boolean =>
  code !== slash && code !== semicolon && isPathCharacter(code);

/** RFC 3986 §5.2.4. Empty segments stay: `//` is a resource of its own. */
export function removeDotSegments(path: string): string {
  const kept: string[] = [];
  const segments = path.slice(1).split('/');
  for (const [index, segment] of segments.entries()) {
    const isDots = segment === '.' || segment === '..';
    if (segment === '..') kept.pop();
    if (!isDots) kept.push(segment);
    else if (index === segments.length - 1) kept.push('');
  }
  return `/${kept.join('/')}`;
}

/** The canonical path and query as sent. */
export const targetText = (path: string, query: string | undefined): string =>
  query === undefined ? path : `${path}?${query}`;

/** A canonical path and query, taken apart. */
export function splitTarget(target: string): { readonly path: string; readonly query: string | undefined } {
  const mark = target.indexOf('?');
  return mark === -1
    ? { path: target, query: undefined }
    : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

const slash = 0x2f;
const semicolon = 0x3b;

const pathCharacters: readonly boolean[] = Array.from({ length: 128 }, (_, code) =>
  /[a-z0-9._~!$&'()*+,;=:@/-]/i.test(String.fromCharCode(code)),
);

const isPathCharacter = (code: number): boolean => pathCharacters[code] ?? false;
