/** Selects and orders query parameters. Their bytes stay as sent; equal names keep their order. */

/** A final `*` in a name matches any ending (`utm_*`). Of a parameter under `cut` only the text before `at` is kept. */
type QueryRules = {
  readonly ignore?: readonly string[];
  readonly only?: readonly string[];
  readonly ordered?: boolean;
  readonly cut?: readonly { readonly name: string; readonly at: string }[];
};

/** The query with only the parameters that count, sorted by decoded name: `utm%5Fsource` is `utm_source`. */
export function sortQuery(query: string | undefined, rules: QueryRules = {}): string | undefined {
  if (query === undefined || query === '') return undefined;
  const { ignore = [], only, ordered = false, cut = [] } = rules;
  let parameters: Parameter[] = query.split('&').map((text) => ({ text, name: parameterName(text) }));
  if (!ordered) parameters = parameters.filter(({ text }) => text !== '');
  if (only !== undefined)
    parameters = parameters.filter(({ name }) => only.some((pattern) => names(pattern, name)));
  parameters = parameters.filter(({ name }) => !ignore.some((pattern) => names(pattern, name)));
  if (!ordered) parameters.sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
  const texts =
    cut.length === 0 ? parameters.map(({ text }) => text) : parameters.map((one) => shortened(one, cut));
  const kept = texts.join('&');
  return kept === '' ? undefined : kept;
}

/** The decoded name of a `name=value` piece; as written when it cannot be decoded. */
export function parameterName(text: string): string {
  const equals = text.indexOf('=');
  const name = equals === -1 ? text : text.slice(0, equals);
  return name.includes('%') || name.includes('+') ? decode(name) : name;
}

type Parameter = { readonly text: string; readonly name: string };

function shortened({ text, name }: Parameter, cut: NonNullable<QueryRules['cut']>): string {
  const at = cut.find((rule) => rule.name === name)?.at;
  const end = at === undefined ? -1 : text.indexOf(at, text.indexOf('=') + 1);
  return end === -1 ? text : text.slice(0, end);
}

const names = (pattern: string, name: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;

function decode(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll('+', ' '));
  } catch {
    return name;
  }
}

/** One parameter as it was sent: all its pairs, and the target without them. */
type TargetParameter = { readonly name: string; readonly value: string; readonly rest: string };

type TargetBounds = { readonly characters: number; readonly parameters: number };

/**
 * Each parameter of a target whose name is like `named`. None of a target that is longer, or has more of them, than the bounds
 * say: clients choose it, and each is set apart from all others.
 */
export function parametersOf(
  target: string,
  { characters, parameters }: TargetBounds,
  named = /^/,
): TargetParameter[] {
  const from = target.indexOf('?');
  if (from < 0 || target.length > characters) return [];
  const pairs = target
    .slice(from + 1)
    .split('&')
    .map((pair) => ({ pair, name: pair.replace(/=.*/s, '') }));
  const all = [...new Set(pairs.map(({ name }) => name))].filter((name) => named.test(name));
  if (all.length > parameters) return [];
  const joined = (kept: typeof pairs): string => kept.map(({ pair }) => pair).join('&');
  return all.map((name) => ({
    name,
    value: joined(pairs.filter((one) => one.name === name)),
    rest: `${target.slice(0, from)}?${joined(pairs.filter((one) => one.name !== name))}`,
  }));
}
