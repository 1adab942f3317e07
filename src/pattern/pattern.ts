/**
 * Matches a path and reads its groups, as the global `URLPattern` would, at a hundredth of its cost.
 *
 * A pattern without groups is compared as text. One that V8's backtracking engine provably runs in linear time
 * (`runs-linear.ts`) becomes a native regular expression; RE2 runs any other. So no client's path takes more than
 * linear time. Custom groups may hold anything but look-around and back-references.
 *
 * Promise: `pattern.test.ts` compares this with the real `URLPattern` on random patterns and paths, groups included.
 */

import { RE2JS } from 're2js';
import { type Part, parsePattern } from './pattern-parts.ts';
import { PatternError } from './pattern-tokens.ts';
import { runsLinear } from './runs-linear.ts';

/** A match's groups, percent-encoded as in the path; a group that did not take part is absent. */
export type Params = Readonly<Record<string, string>>;

export type Pattern = {
  readonly engine: 'text' | 'native' | 'linear';
  readonly parts: readonly Part[];
  readonly match: (path: string) => Params | undefined;
};

export type Compiled =
  | { readonly kind: 'pattern'; readonly pattern: Pattern }
  | { readonly kind: 'refused'; readonly reason: string };

export const noParams: Params = Object.freeze(Object.create(null) as Params);

/** Compiles a URLPattern pathname. Refuses what `URLPattern` refuses, and what cannot be matched in linear time. */
export function compilePattern(pathname: string): Compiled {
  try {
    return { kind: 'pattern', pattern: compile(parsePattern(pathname)) };
  } catch (error) {
    if (error instanceof PatternError) return { kind: 'refused', reason: error.message };
    throw error;
  }
}

/** The one path a pattern without groups and modifiers matches, or undefined. */
export function onlyPath(parts: readonly Part[]): string | undefined {
  const [first, ...others] = parts;
  if (first === undefined) return '';
  return others.length === 0 && first.kind === 'text' && first.modifier === '' ? first.text : undefined;
}

function compile(parts: readonly Part[]): Pattern {
  const only = onlyPath(parts);
  if (only !== undefined) {
    return { engine: 'text', parts, match: (path) => (path === only ? noParams : undefined) };
  }
  const source = parts.map(partSource).join('');
  const names = parts.flatMap((part) => (part.kind === 'text' ? [] : [part.name]));
  const engine = runsLinear(parts) ? 'native' : 'linear';
  const run = engine === 'native' ? nativeRegExp(source) : linearRegExp(source, parts);
  const match = (path: string): Params | undefined => {
    const groups = run(path);
    return groups && paramsOf(names, groups);
  };
  return { engine, parts, match };
}

/** The groups of a whole match, in order of their parentheses, or undefined. */
type Run = (text: string) => readonly (string | undefined)[] | undefined;

function nativeRegExp(source: string): Run {
  const regexp = new RegExp(`^(?:${source})$`, 'v');
  return (text) => regexp.exec(text)?.slice(1);
}

function linearRegExp(source: string, parts: readonly Part[]): Run {
  const captures = parts.filter((part) => part.kind !== 'text');
  // ECMAScript does not enter an optional group to match nothing; RE2 does.
  const isSkipped = captures.map(
    ({ modifier, prefix, suffix }) => modifier === '?' && prefix + suffix === '',
  );
  const expression = linear(source);
  return (text) => {
    const matcher = expression.matcher(text);
    if (!matcher.matches()) return undefined;
    return captures.map((_, index) => {
      const value = matcher.group(index + 1) ?? undefined;
      return value === '' && isSkipped[index] === true ? undefined : value;
    });
  };
}

/** Both engines must accept it: each has syntax that the other lacks or reads differently. */
function linear(source: string): RE2JS {
  try {
    new RegExp(source, 'v');
    return RE2JS.compile(source);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new PatternError(`it cannot be matched in linear time (${why})`, { cause: error });
  }
}

/** Without a prototype: a group may be called `__proto__` or `constructor`. */
function paramsOf(names: readonly string[], groups: readonly (string | undefined)[]): Params {
  const params = Object.create(null) as Record<string, string>;
  for (let index = 0; index < names.length; index += 1) {
    const value = groups[index];
    if (value !== undefined) params[names[index] ?? ''] = value;
  }
  return params;
}

/** URL Pattern Standard, "generate a regular expression and name list". */
function partSource(part: Part): string {
  if (part.kind === 'text') return `(?:${escapeText(part.text)})${part.modifier}`;
  const inner = { segment: '[^\\/]+?', everything: '.*', regexp: part.source }[part.kind];
  const [prefix, suffix] = [escapeText(part.prefix), escapeText(part.suffix)];
  const repeats = part.modifier === '*' || part.modifier === '+';
  if (prefix === '' && suffix === '') {
    return repeats ? `((?:${inner})${part.modifier})` : `(${inner})${part.modifier}`;
  }
  if (!repeats) return `(?:${prefix}(${inner})${suffix})${part.modifier}`;
  const isOptional = part.modifier === '*' ? '?' : '';
  return `(?:${prefix}((?:${inner})(?:${suffix}${prefix}(?:${inner}))*)${suffix})${isOptional}`;
}

const escapeText = (text: string): string => text.replace(/[.+*?^${}()[\]|/\\]/g, '\\$&');
