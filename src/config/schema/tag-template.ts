/** Tags with placeholders: `files:{user}`, `file:{file_id}`, `page:{query.page}`, `repo:{header.x-repo}`. */

/** Literal text, or a placeholder filled for each exchange. Header names are the response's, in lower case. */
export type TagPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'user' }
  | { readonly kind: 'path' | 'query' | 'header'; readonly name: string };

/** A tag as written, and split at its placeholders. */
export type TagTemplate = { readonly raw: string; readonly parts: readonly TagPart[] };

export type TagResult =
  | { readonly kind: 'ok'; readonly template: TagTemplate }
  | { readonly kind: 'bad'; readonly code: 'bad-tag' | 'unknown-placeholder'; readonly why: string };

/** Splits a tag. The caller checks that a path parameter exists, because that depends on the route. */
export function parseTag(raw: string): TagResult {
  const parts: TagPart[] = [];
  for (const [piece, inside] of raw.matchAll(/\{([^{}]*)\}|[^{}]+|[{}]/g)) {
    if (piece === '{' || piece === '}')
      return { kind: 'bad', code: 'bad-tag', why: `unbalanced \`${piece}\`` };
    const part: TagPart | undefined =
      inside === undefined ? { kind: 'text', text: piece } : parsePlaceholder(inside);
    if (part === undefined) {
      const why = `unknown placeholder \`${piece}\`; expected {user}, {path parameter}, {query.NAME} or {header.NAME}`;
      return { kind: 'bad', code: 'unknown-placeholder', why };
    }
    parts.push(part);
  }
  return { kind: 'ok', template: { raw, parts } };
}

function parsePlaceholder(inside: string): TagPart | undefined {
  if (inside === 'user') return { kind: 'user' };
  const [, source, name] = /^(query|header)\.(.+)$/.exec(inside) ?? [];
  if (source === 'query' && name !== undefined) return { kind: 'query', name };
  if (source === 'header' && name !== undefined) {
    return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)
      ? { kind: 'header', name: name.toLowerCase() }
      : undefined;
  }
  return /^[\p{ID_Start}$_][\p{ID_Continue}$\u200C\u200D]*$/u.test(inside)
    ? { kind: 'path', name: inside }
    : undefined;
}

/** The path parameters that a tag needs. */
export function pathParametersOf(template: TagTemplate): readonly string[] {
  return template.parts.flatMap((part) => (part.kind === 'path' ? [part.name] : []));
}
