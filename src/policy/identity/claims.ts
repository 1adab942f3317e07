/** Claims of a verified session or token, and the user one of them names. */

export type Claims = Readonly<Record<string, unknown>>;

/** The text of a claim that names a user: strings and numbers; anything else names nobody. */
export function claimText(claims: Claims, path: string): string | undefined {
  const value = Object.hasOwn(claims, path) ? claims[path] : claimAt(claims, path.split('.'));
  if (typeof value === 'string' && value !== '') return value;
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : undefined;
}

function claimAt(claims: Claims, path: readonly string[]): unknown {
  let value: unknown = claims;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Claims)[name];
  }
  return value;
}
