/**
 * The program of a regular expression: see `linear-regexp.ts`, which runs it.
 *
 * Promises: takes an expression that is known to be valid (flag `v`); refuses what it cannot express with `PatternError`;
 * what an atom (`\d`, `[a-z]`, `.`) accepts is asked of the engine's own, character by character, once.
 */

import { PatternError } from './pattern-tokens.ts';

/** Distances are relative, so that pieces of a program can be put together and repeated. */
export type Step =
  | { readonly op: 'chars'; readonly table: Uint8Array }
  | { readonly op: 'split'; readonly prefer: number; readonly otherwise: number }
  | { readonly op: 'jump'; readonly by: number }
  | { readonly op: 'note'; readonly slot: number }
  /** Fails where nothing was consumed since `slot` was noted (ECMAScript: an iteration must not be empty). */
  | { readonly op: 'moved'; readonly slot: number }
  | { readonly op: 'start' | 'end' | 'accept' };

export type Program = {
  readonly steps: readonly Step[];
  readonly slots: number;
  /** The slots where each group begins and ends. */
  readonly groups: readonly (readonly [number, number])[];
};

/** The longest program: with the longest path (8 KiB), some two million visits at the very worst. */
export const maxSteps = 300;

/** Compiles the source of a valid expression. Throws `PatternError`. */
export const regexpSteps = (source: string): Program => new Compiler(source).program();

type Piece = readonly Step[];
type Repeat = { readonly min: number; readonly max: number; readonly isLazy: boolean };

/** One atom: a class, an escape, or any other character. */
const escapeSyntax = /\\(?:x[\da-f]{2}|u\{[\da-f]+\}|u[\da-f]{4}|c[a-z]|p\{[^}]*\}|[^])/iy;
const repeatSyntax = /(?:([*+?])|\{(\d+)(,?)(\d*)\})(\??)/y;

class Compiler {
  readonly #source: string;
  readonly #groups: [number, number][] = [];
  readonly #tables = new Map<string, Uint8Array>();
  #at = 0;
  #slots = 0;

  constructor(source: string) {
    this.#source = source;
  }

  program(): Program {
    const steps = sized([...this.#choice(), { op: 'accept' }]);
    return { steps, slots: this.#slots, groups: this.#groups };
  }

  #choice(): Piece {
    const first = this.#sequence();
    if (this.#source[this.#at] !== '|') return first;
    this.#at++;
    const rest = this.#choice();
    const split: Step = { op: 'split', prefer: 1, otherwise: first.length + 2 };
    return sized([split, ...first, { op: 'jump', by: rest.length + 1 }, ...rest]);
  }

  #sequence(): Piece {
    let piece: Piece = [];
    while (this.#at < this.#source.length && !'|)'.includes(this.#source[this.#at] ?? '')) {
      piece = sized([...piece, ...this.#term()]);
    }
    return piece;
  }

  #term(): Piece {
    const atom = this.#atom();
    const [whole, sign, min, comma, max, lazy] = this.#match(repeatSyntax) ?? [];
    if (whole === undefined) return atom;
    const isLazy = lazy === '?';
    if (sign !== undefined)
      return this.#repeat(atom, { min: sign === '+' ? 1 : 0, max: sign === '?' ? 1 : Infinity, isLazy });
    const atLeast = Number(min);
    const atMost = comma === '' ? atLeast : max === '' ? Infinity : Number(max);
    return this.#repeat(atom, { min: atLeast, max: atMost, isLazy });
  }

  #atom(): Piece {
    const char = this.#source[this.#at];
    if (char === '(') return this.#group();
    if (char === '^' || char === '$') {
      this.#at++;
      return [{ op: char === '^' ? 'start' : 'end' }];
    }
    if (char === '[') return this.#chars(this.#classEnd());
    const escape = this.#match(escapeSyntax)?.[0];
    if (escape === undefined) return this.#chars(this.#at + 1);
    if (/^\\[bBk1-9]/.test(escape)) throw new PatternError(`${escape} cannot be matched in linear time`);
    return [{ op: 'chars', table: this.#table(escape) }];
  }

  #group(): Piece {
    this.#at++;
    const captures = this.#source[this.#at] !== '?';
    if (!captures && !this.#source.startsWith('?:', this.#at)) {
      throw new PatternError(
        `(${this.#source.slice(this.#at, this.#at + 2)} cannot be matched in linear time`,
      );
    }
    if (!captures) this.#at += 2;
    const slots: [number, number] = [this.#slots, this.#slots + 1];
    if (captures) {
      this.#slots += 2;
      this.#groups.push(slots);
    }
    const inner = this.#choice();
    this.#at++;
    return captures ? [{ op: 'note', slot: slots[0] }, ...inner, { op: 'note', slot: slots[1] }] : inner;
  }

  /** `min` copies, then `max - min` optional ones or a loop. */
  #repeat(atom: Piece, { min, max, isLazy }: Repeat): Piece {
    const copies = max === Infinity ? min + 1 : max;
    if (copies * (atom.length + 4) > maxSteps) throw tooLong();
    const required = Array.from({ length: min }, () => atom).flat();
    const slot = this.#slots++;
    const once: Piece = [{ op: 'note', slot }, ...atom, { op: 'moved', slot }];
    if (max === Infinity) {
      const back: Step = { op: 'jump', by: -once.length - 1 };
      return sized([...required, way(once.length + 2, isLazy), ...once, back]);
    }
    let optional: Piece = [];
    for (let n = min; n < max; n++)
      optional = [way(once.length + optional.length + 1, isLazy), ...once, ...optional];
    return sized([...required, ...optional]);
  }

  #chars(end: number): Piece {
    const atom = this.#source.slice(this.#at, end);
    this.#at = end;
    return [{ op: 'chars', table: this.#table(atom) }];
  }

  #table(atom: string): Uint8Array {
    const known = this.#tables.get(atom);
    if (known !== undefined) return known;
    const syntax = new RegExp(`^(?:${atom})$`, 'v');
    const table = Uint8Array.from({ length: 128 }, (_, code) =>
      syntax.test(String.fromCharCode(code)) ? 1 : 0,
    );
    this.#tables.set(atom, table);
    return table;
  }

  /** Classes nest with the flag `v`. */
  #classEnd(): number {
    let depth = 0;
    for (let at = this.#at; ; at++) {
      const char = this.#source[at];
      if (char === '\\' && this.#source[at + 1] === 'q')
        throw new PatternError('\\q cannot be matched in linear time');
      if (char === '\\') at++;
      if (char === '[') depth++;
      if (char === ']' && --depth === 0) return at + 1;
      if (char === undefined) throw new PatternError('a class is not closed');
    }
  }

  #match(syntax: RegExp): RegExpExecArray | undefined {
    syntax.lastIndex = this.#at;
    const found = syntax.exec(this.#source);
    if (found === null) return undefined;
    this.#at = syntax.lastIndex;
    return found;
  }
}

/** Into what follows, or past it: greedy prefers in, lazy prefers past. */
const way = (past: number, isLazy: boolean): Step =>
  isLazy ? { op: 'split', prefer: past, otherwise: 1 } : { op: 'split', prefer: 1, otherwise: past };

const sized = (piece: Piece): Piece => {
  if (piece.length > maxSteps) throw tooLong();
  return piece;
};

const tooLong = (): PatternError => new PatternError(`the pattern is too long: more than ${maxSteps} steps`);
