/**
 * Parses the pathname syntax of the URL Pattern Standard into parts.
 *
 * Promises: the parts are those of the global `URLPattern` (tokens §2.1, parts §2.1.3 of the standard). Literals are
 * percent-encoded as in a URL's path, then spelled like a request's path (`http/target.ts`): `%65` is `e`, `|` is
 * `%7C`. A pattern that `URLPattern` refuses throws `PatternError`.
 *
 * Deviation: `URLPattern` keeps `%65` in a literal as written, so that such a literal never matches a canonical path.
 * Deviation: a `..` that would remove a group before it is refused; the standard then drops two characters of the rest.
 */

import { type PatternToken, PatternError, tokenize } from './pattern-tokens.ts';

export type Modifier = '' | '?' | '*' | '+';

/** `text` is literal; the others capture into `name`, between their own literal prefix and suffix. */
export type Part =
  | { readonly kind: 'text'; readonly text: string; readonly modifier: Modifier }
  | {
      readonly kind: 'segment' | 'everything' | 'regexp';
      readonly name: string;
      readonly source: string;
      readonly prefix: string;
      readonly suffix: string;
      readonly modifier: Modifier;
    };

/** Parses a pathname pattern. Throws `PatternError`. */
export const parsePattern = (pattern: string): readonly Part[] => new Parser(tokenize(pattern)).parse();

type Group = {
  readonly prefix: string;
  readonly suffix: string;
  readonly name: string;
  readonly matcher: string;
};

class Parser {
  readonly #tokens: readonly PatternToken[];
  readonly #parts: Part[] = [];
  readonly #names = new Set<string>();
  #at = 0;
  #literal = '';
  #nextNumber = 0;

  constructor(tokens: readonly PatternToken[]) {
    this.#tokens = tokens;
  }

  parse(): readonly Part[] {
    while (this.#at < this.#tokens.length) this.#step();
    this.#endLiteral();
    return this.#parts;
  }

  #step(): void {
    const char = this.#take('char');
    const name = this.#take('name');
    const matcher = this.#takeMatcher(name);
    if (name !== undefined || matcher !== undefined) {
      if (char !== undefined && char !== '/') this.#literal += char;
      const prefix = char === '/' ? '/' : '';
      this.#add({ prefix, suffix: '', name: name ?? '', matcher: matcher ?? '' });
      return;
    }
    const text = char ?? this.#take('escaped');
    if (text !== undefined) this.#literal += text;
    else this.#braces();
  }

  #braces(): void {
    this.#require('open');
    const prefix = this.#takeText();
    const name = this.#take('name');
    const matcher = this.#takeMatcher(name);
    const suffix = this.#takeText();
    this.#require('close');
    this.#add({ prefix, suffix, name: name ?? '', matcher: matcher ?? '' });
  }

  #add(group: Group): void {
    const modifier = this.#takeModifier();
    const isText = group.name === '' && group.matcher === '';
    if (isText && modifier === '') {
      this.#literal += group.prefix;
      return;
    }
    this.#endLiteral();
    if (!isText) this.#addCapture(group, modifier);
    else if (group.prefix !== '') this.#parts.push({ kind: 'text', text: canonical(group.prefix), modifier });
  }

  #addCapture(group: Group, modifier: Modifier): void {
    const name = group.name === '' ? String(this.#nextNumber++) : group.name;
    if (this.#names.has(name)) throw new PatternError(`the name ${name} is used twice`);
    this.#names.add(name);
    const everything = group.matcher === '*' || group.matcher === '(.*)';
    const segment = group.matcher === '' || group.matcher === '([^\\/]+?)';
    const kind = everything ? 'everything' : segment ? 'segment' : 'regexp';
    const source = kind === 'regexp' ? group.matcher.slice(1, -1) : '';
    const prefix = canonical(group.prefix);
    this.#parts.push({ kind, name, source, prefix, suffix: canonical(group.suffix), modifier });
  }

  #endLiteral(): void {
    if (this.#literal === '') return;
    this.#parts.push({ kind: 'text', text: canonical(this.#literal), modifier: '' });
    this.#literal = '';
  }

  #take(kind: PatternToken['kind']): string | undefined {
    const token = this.#tokens[this.#at];
    if (token?.kind !== kind) return undefined;
    this.#at++;
    return token.text;
  }

  #require(kind: 'open' | 'close'): void {
    if (this.#take(kind) === undefined) throw new PatternError(`expected ${kind === 'open' ? '{' : '}'}`);
  }

  /** `(source)`, or `*` without a name before it: after a name `*` is a modifier. */
  #takeMatcher(name: string | undefined): string | undefined {
    const regexp = this.#take('regexp');
    if (regexp !== undefined) return `(${regexp})`;
    return name === undefined ? this.#take('asterisk') : undefined;
  }

  #takeModifier(): Modifier {
    const modifier = this.#take('modifier') ?? this.#take('asterisk');
    return modifier === '?' || modifier === '+' || modifier === '*' ? modifier : '';
  }

  #takeText(): string {
    let text = '';
    for (;;) {
      const next = this.#take('char') ?? this.#take('escaped');
      if (next === undefined) return text;
      text += next;
    }
  }
}

/** A literal as in a canonical path (URL Pattern "canonicalize a pathname", then unreserved characters unescaped). */
function canonical(text: string): string {
  if (text === '') return '';
  const url = new URL('https://pattern.invalid/');
  // A literal from the middle of a path gets a placeholder for what is before it.
  const isRooted = text.startsWith('/');
  url.pathname = isRooted ? text : `/-${text}`;
  if (!isRooted && !url.pathname.startsWith('/-'))
    throw new PatternError('`..` after a group would remove the group');
  const encoded = isRooted ? url.pathname : url.pathname.slice(2);
  return encoded.replace(/%[0-9a-f]{2}|[^\w.~!$&'()*+,;=:@/%-]/gi, (match) => {
    const char = match.length === 1 ? match : String.fromCharCode(parseInt(match.slice(1), 16));
    if (match.length === 3 && plainInSegment.test(char)) return char;
    return match.length === 3 ? match.toUpperCase() : encodeURIComponent(match);
  });
}

const plainInSegment = /[\w.~!$&'()*+,=:@-]/;
