/** Reads one value of a JSON document (RFC 6901). Never throws. */

export const longestJsonBytes = 1024 * 1024;

/** The value at a pointer (its decoded reference tokens), or undefined. */
export function valueAt(document: unknown, tokens: readonly string[]): unknown {
  let value = document;
  for (const token of tokens) {
    if (!hasChild(value, token)) return undefined;
    value = value[token];
  }
  return value;
}

/** Whether a reference token leads on from a value (RFC 6901 §4). */
export function hasChild(value: unknown, token: string): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  // An array index has no leading zeros; `-` is the place after the last element.
  if (Array.isArray(value) && !/^(?:0|[1-9]\d*)$/.test(token)) return false;
  return Object.hasOwn(value, token);
}

/** Parses a body on first use. Undefined: no body, not JSON, or too long. */
export function lazyJson(body: () => Buffer | undefined): () => unknown {
  let parsed: { readonly value: unknown } | undefined;
  return () => (parsed ??= { value: parse(body()) }).value;
}

function parse(body: Buffer | undefined): unknown {
  if (body === undefined || body.byteLength > longestJsonBytes || !mayBeJson(body)) return undefined;
  try {
    // RFC 8259 §8.1: a parser may ignore a byte order mark.
    return JSON.parse(body.toString('utf8').replace(/^\ufeff/, '')) as unknown;
  } catch {
    return undefined;
  }
}

/** Whether a body begins like JSON (RFC 8259 §2), so that an HTML page need not be decoded. */
const mayBeJson = (body: Buffer): boolean =>
  /^(?:\xef\xbb\xbf)?[ \t\n\r]*(?:[{["\-\dtfn]|$)/.test(body.toString('latin1', 0, headBytes));

const headBytes = 64;
