/**
 * Splits a pathname pattern into tokens (URL Pattern Standard, "tokenize a string", policy `strict`).
 *
 * Promise: a text that the standard refuses throws `PatternError`; nothing else does.
 */

/** `regexp` is the source between the parentheses; `name` has no colon, `escaped` no backslash. */
export type PatternToken = {
  readonly kind: 'open' | 'close' | 'regexp' | 'name' | 'char' | 'escaped' | 'modifier' | 'asterisk';
  readonly text: string;
};

/** An unusable pattern, and why. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
}

/** Splits a pattern into tokens. Throws `PatternError`. */
export function tokenize(pattern: string): readonly PatternToken[] {
  const chars = [...pattern];
  const tokens: PatternToken[] = [];
  let at = 0;
  while (at < chars.length) {
    const { kind, text, end } = nextToken(chars, at);
    tokens.push({ kind, text });
    at = end;
  }
  return tokens;
}

type Cut = PatternToken & { readonly end: number };

const single: Readonly<Record<string, PatternToken['kind']>> = {
  '*': 'asterisk',
  '+': 'modifier',
  '?': 'modifier',
  '{': 'open',
  '}': 'close',
};

function nextToken(chars: readonly string[], at: number): Cut {
  const char = chars[at] ?? '';
  if (char === '\\') return escaped(chars, at);
  if (char === ':') return groupName(chars, at);
  if (char === '(') return regexp(chars, at);
  return { kind: single[char] ?? 'char', text: char, end: at + 1 };
}

function escaped(chars: readonly string[], at: number): Cut {
  const text = chars[at + 1];
  if (text === undefined) throw new PatternError('a backslash at the end');
  return { kind: 'escaped', text, end: at + 2 };
}

function groupName(chars: readonly string[], at: number): Cut {
  let end = at + 1;
  while (isNamePart(chars[end], end === at + 1)) end++;
  if (end === at + 1) throw new PatternError('a colon without a name (write a literal colon as \\:)');
  return { kind: 'name', text: chars.slice(at + 1, end).join(''), end };
}

const isNamePart = (char: string | undefined, isFirst: boolean): boolean =>
  char !== undefined && (isFirst ? /[\p{ID_Start}$_]/u : /[\p{ID_Continue}$\u200c\u200d]/u).test(char);

function regexp(chars: readonly string[], at: number): Cut {
  let depth = 1;
  let end = at + 1;
  for (; end < chars.length && depth > 0; end++) {
    const char = chars[end] ?? '';
    const next = chars[end + 1];
    if (char.charCodeAt(0) > 127) throw new PatternError('a regular expression must be ASCII');
    if (char === '?' && end === at + 1) throw new PatternError('a regular expression cannot begin with ?');
    if (char === '(' && next !== '?') throw new PatternError('a capturing group inside a regular expression');
    if (char === '\\') {
      if (next === undefined || next.charCodeAt(0) > 127)
        throw new PatternError('a backslash with nothing to escape');
      end++;
    }
    if (char === '(') depth++;
    if (char === ')') depth--;
  }
  if (depth > 0) throw new PatternError('a parenthesis is not closed');
  if (end === at + 2) throw new PatternError('an empty regular expression');
  return { kind: 'regexp', text: chars.slice(at + 1, end - 1).join(''), end };
}
