/** Reads the JSON body of a control request strictly: a misspelt field must never do more or less than was meant. */

import { repeatsNames } from '../policy/rules/body-values.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export type Bad = { readonly kind: 'bad'; readonly detail: string };

/** A mistake. */
export const bad = (detail: string): Bad => ({ kind: 'bad', detail });

/** The fields of an object that has no others than `known`. */
export function readObject(
  body: unknown,
  contentType: string | undefined,
  known: readonly string[],
): { readonly kind: 'ok'; readonly fields: JsonObject } | Bad {
  if (!/^application\/json\s*(?:;|$)/i.test(contentType ?? ''))
    return bad('the body must be application/json');
  const text = typeof body === 'string' ? body : '';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message quotes the body, which may hold anything.
    return bad('the body is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return bad('the body must be a JSON object');
  if (repeatsNames(text, value)) return bad('the body names a field twice');
  const unknown = Object.keys(value).find((name) => !known.includes(name));
  return unknown === undefined
    ? { kind: 'ok', fields: value as JsonObject }
    : bad(`unknown field ${JSON.stringify(unknown)}; the fields are ${known.join(', ')}`);
}
