/** Groups URLs whose paths differ only in numbers and identifiers: `/posts/12/edit` is `/posts/{n}/edit`. */

const longest = 120;
const identifier = /^(?=.*\d)[\da-f-]{8,}$|^[\w-]{20,}$/i;

/** The pattern of a path; its query does not count. */
export function urlPattern(target: string): string {
  const [path = ''] = target.split('?', 1);
  const segments = path.split('/').map((segment) => {
    if (/^\d+$/.test(segment)) return '{n}';
    return identifier.test(segment) ? '{id}' : segment;
  });
  const pattern = segments.join('/');
  return pattern.length > longest ? `${pattern.slice(0, longest)}…` : pattern;
}

/** A path like it, for examples: identifiers may be secrets. */
export const samplePath = (target: string): string =>
  urlPattern(target).replaceAll('{n}', '1').replaceAll('{id}', 'x').replace(/…$/, '');
