/**
 * Which query parameters count, and in which order they are written.
 *
 * Promises: the bytes of a parameter stay as sent; the order among equal names is kept; linear time but for sorting.
 */

/**
 * `ignore` and `only` are names, `*` at the end standing for any ending (`utm_*`). `ordered` keeps the order sent. Of a
 * parameter under `cut` only what is before the text `at` is kept.
 */
export type QueryRules = {
  readonly ignore?: readonly string[];
  readonly only?: readonly string[];
  readonly ordered?: boolean;
  readonly cut?: readonly { readonly name: string; readonly at: string }[];
};

/**
 * The query with only the parameters that count, sorted by name; undefined when none is left.
 *
 * Names are compared as the application reads them, escapes decoded: else `utm%5Fsource` would get past `ignore`, and
 * two spellings of one name past each other's order.
 */
export const sortQuery = (query: string | undefined, rules: QueryRules = {}): string | undefined => {
  if (query === undefined || query === '') return undefined;
  const { ignore = [], only, ordered = false, cut = [] } = rules;
  let parameters: Parameter[] = query.split('&').map((text) => ({ text, name: parameterName(text) }));
  if (!ordered) parameters = parameters.filter(({ text }) => text !== '');
  if (only !== undefined)
    parameters = parameters.filter(({ name }) => only.some((pattern) => names(pattern, name)));
  parameters = parameters.filter(({ name }) => !ignore.some((pattern) => names(pattern, name)));
  // Array.prototype.sort is stable: equal names stay in the order sent.
  if (!ordered) parameters.sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
  const texts =
    cut.length === 0 ? parameters.map(({ text }) => text) : parameters.map((one) => shortened(one, cut));
  const kept = texts.join('&');
  return kept === '' ? undefined : kept;
};

/** The name of one `name=value` piece with its escapes decoded; as it stands when they cannot be. */
export const parameterName = (text: string): string => {
  const equals = text.indexOf('=');
  const name = equals === -1 ? text : text.slice(0, equals);
  return name.includes('%') || name.includes('+') ? decode(name) : name;
};

type Parameter = { readonly text: string; readonly name: string };

const shortened = ({ text, name }: Parameter, cut: NonNullable<QueryRules['cut']>): string => {
  const at = cut.find((rule) => rule.name === name)?.at;
  const end = at === undefined ? -1 : text.indexOf(at, text.indexOf('=') + 1);
  return end === -1 ? text : text.slice(0, end);
};

const names = (pattern: string, name: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;

const decode = (name: string): string => {
  try {
    return decodeURIComponent(name.replaceAll('+', ' '));
  } catch {
    // Not UTF-8: nothing is lost, the name is compared as sent.
    return name;
  }
};
