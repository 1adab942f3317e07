/** Reads and compiles `METHOD /pattern`, which selects the requests of a route or a write rule. */

import { isToken } from '../http/field-name.ts';
import { compilePattern, type Pattern } from './pattern.ts';

export type Match = {
  readonly method: string;
  /** `GET` covers HEAD (CONTRACT §2). */
  readonly methods: readonly string[];
  readonly pattern: string;
  readonly compiled: Pattern;
  readonly parameters: readonly string[];
};

export type MatchResult =
  | { readonly kind: 'ok'; readonly match: Match }
  | { readonly kind: 'bad'; readonly code: 'bad-match' | 'bad-pattern'; readonly why: string };

const bad = (code: 'bad-match' | 'bad-pattern', why: string): MatchResult => ({ kind: 'bad', code, why });

/** Reads `GET /api/files/:id`. Methods are names (RFC 9110 §9.1: case-sensitive), not patterns. */
export function parseMatch(written: string): MatchResult {
  const parts = /^(\S+) +(\S+)$/.exec(written.trim());
  const [, method, pattern] = parts ?? [];
  if (method === undefined || pattern === undefined)
    return bad('bad-match', 'expected a method and a path, such as GET /api/files/:id');
  if (!isToken(method) || method.includes('*'))
    return bad('bad-match', `\`${method}\` is not a method; name one, such as GET`);
  if (method !== method.toUpperCase())
    return bad('bad-match', `methods must be in capitals: ${method.toUpperCase()}`);
  if (method === 'CONNECT') return bad('bad-match', 'CONNECT has no path, so no rule can match it');
  if (!/^[/*{]/.test(pattern)) return bad('bad-pattern', 'a pattern must begin with /');
  return compile(method, pattern);
}

function compile(method: string, pattern: string): MatchResult {
  const result = compilePattern(pattern);
  if (result.kind === 'refused') {
    const isQuery = pattern.includes('?') ? ' (a pattern has no query; `?` may only follow a group)' : '';
    return bad('bad-pattern', `not a valid URLPattern pathname: ${result.reason}${isQuery}`);
  }
  const { parts } = result.pattern;
  const names = parts.flatMap((part) => (part.kind === 'text' ? [] : [part.name]));
  return {
    kind: 'ok',
    match: {
      method,
      methods: method === 'GET' ? ['GET', 'HEAD'] : [method],
      pattern,
      compiled: result.pattern,
      // Unnamed groups have numbers.
      parameters: names.filter((name) => !/^\d/.test(name)),
    },
  };
}
