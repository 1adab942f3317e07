/**
 * `METHOD /pattern`: which requests a route or a write rule is about.
 *
 * Patterns are URLPattern pathnames. They are compiled here once to see that they can be, and cut into pieces for two
 * questions: which path parameters they have, and (in `cover.ts`) whether one takes all that another matches.
 */

import { isToken } from '../http/field-name.ts';

/** What one place of a path may be. `any` stands for whatever this file does not take apart: groups, own expressions. */
export type PathPiece =
  | { readonly kind: 'text'; readonly text: string }
  /** `:name`: one character or more, none of them `/`. */
  | { readonly kind: 'parameter' }
  /** `*`: any characters, none included. */
  | { readonly kind: 'wildcard' }
  /** Something between nothing and everything. */
  | { readonly kind: 'any' };

export type Match = {
  readonly method: string;
  /** `GET` covers HEAD (CONTRACT §2). */
  readonly methods: readonly string[];
  /** As written. */
  readonly pattern: string;
  readonly parameters: readonly string[];
  readonly pieces: readonly PathPiece[];
};

export type MatchResult =
  | { readonly kind: 'ok'; readonly match: Match }
  | { readonly kind: 'bad'; readonly code: 'bad-match' | 'bad-pattern'; readonly why: string };

const bad = (code: 'bad-match' | 'bad-pattern', why: string): MatchResult => ({ kind: 'bad', code, why });

/** Reads `GET /api/files/:id`. Methods are names (RFC 9110 §9.1: case counts), not patterns. */
export function parseMatch(written: string): MatchResult {
  const parts = /^(\S+) +(\S+)$/.exec(written.trim());
  const [, method, pattern] = parts ?? [];
  if (method === undefined || pattern === undefined)
    return bad('bad-match', 'write a method and a path: GET /api/files/:id');
  if (!isToken(method) || method.includes('*'))
    return bad('bad-match', `\`${method}\` is not a method; name one, such as GET`);
  if (method !== method.toUpperCase())
    return bad('bad-match', `methods are in capitals: ${method.toUpperCase()}`);
  if (method === 'CONNECT') return bad('bad-match', 'CONNECT has no path and never reaches a rule');
  if (!/^[/*{]/.test(pattern)) return bad('bad-pattern', 'a pattern begins with /');
  return compile(method, pattern);
}

function compile(method: string, pattern: string): MatchResult {
  let canonical: string;
  try {
    canonical = new URLPattern({ pathname: pattern }).pathname;
  } catch {
    // The constructor gives no reason: the two usual ones are named.
    const why = pattern.includes('?') ? ' (the query is no part of it; `?` may follow a group only)' : '';
    return bad('bad-pattern', `this is not a URLPattern pathname${why}; names are \`:name\`, once each`);
  }
  const methods = method === 'GET' ? ['GET', 'HEAD'] : [method];
  const pieces = takeApart(canonical);
  const parameters = pieces.flatMap(({ name }) => (name === undefined ? [] : [name]));
  return {
    kind: 'ok',
    match: { method, methods, pattern, parameters, pieces: pieces.map(({ piece }) => piece) },
  };
}

type Named = { readonly piece: PathPiece; readonly name?: string };

const token =
  /\\(?<escaped>.)|:(?<name>[\p{ID_Start}$_][\p{ID_Continue}$\u200C\u200D]*)|(?<star>\*)|(?<special>[({])|(?<text>[^\\:*({]+|:)/suy;

/** The pieces of a pattern that compiles. What is not plain becomes `any`, with the names inside kept. */
function takeApart(pattern: string): readonly Named[] {
  const pieces: Named[] = [];
  token.lastIndex = 0;
  for (let match = token.exec(pattern); match !== null; match = token.exec(pattern)) {
    const { escaped, name, star, special, text } = match.groups ?? {};
    const rest = pattern.slice(token.lastIndex);
    // A group, an expression of one's own or a modifier: from here on only the names are of use.
    if (special !== undefined || ((name ?? star) !== undefined && /^[(?+*]/.test(rest))) {
      // URLPattern makes the `/` before a modified parameter part of it.
      dropSlash(pieces);
      return [...pieces, { piece: { kind: 'any' } }, ...namesIn(pattern.slice(match.index))];
    }
    if (name !== undefined) pieces.push({ piece: { kind: 'parameter' }, name });
    else if (star !== undefined) pieces.push({ piece: { kind: 'wildcard' } });
    else pieces.push({ piece: { kind: 'text', text: escaped ?? text ?? '' } });
  }
  return pieces;
}

function dropSlash(pieces: Named[]): void {
  const last = pieces.at(-1);
  if (last?.piece.kind !== 'text') return;
  pieces.splice(-1, 1, { piece: { kind: 'text', text: last.piece.text.replace(/\/$/, '') } });
}

function namesIn(pattern: string): readonly Named[] {
  const withoutExpressions = pattern.replace(/\\./gs, '').replace(/\((?:[^()]|\([^()]*\))*\)/g, '');
  const names = withoutExpressions.matchAll(/:([\p{ID_Start}$_][\p{ID_Continue}$\u200C\u200D]*)/gu);
  return [...names].map((match) => ({ piece: { kind: 'any' }, name: match[1] ?? '' }));
}
