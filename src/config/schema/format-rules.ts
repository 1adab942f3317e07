/**
 * A configuration file in the canonical layout.
 *
 * Promise: the text that is returned means the same and has the same comments.
 */

import { isDeepStrictEqual } from 'node:util';
import { parseDocument } from 'yaml';
import { hideReferences } from '../reader/environment.ts';
import { commentsOf, layOut } from '../reader/layout.ts';
import type { Problem } from '../reader/problem.ts';
import { type ParseOptions, parseConfig } from './check.ts';

export type Formatted =
  | { readonly kind: 'ok'; readonly text: string }
  | { readonly kind: 'problems'; readonly problems: readonly Problem[] }
  /** The layout would change what the file says. */
  | { readonly kind: 'refused' };

/** Lays out a file whose only problems are variables that are missing here. */
export function formatRules(text: string, options: ParseOptions): Formatted {
  const parsed = parseConfig(text, options);
  const problems = parsed.kind === 'problems' ? parsed.problems : [];
  if (problems.some(({ code }) => code !== 'missing-variable')) return { kind: 'problems', problems };
  const laidOut = layOut(text);
  const isSame = isDeepStrictEqual(contentOf(laidOut, options), contentOf(text, options));
  return isSame ? { kind: 'ok', text: laidOut } : { kind: 'refused' };
}

/** What the layout must not change: the configuration, the values in the file, and its comments. */
function contentOf(text: string, options: ParseOptions): readonly unknown[] {
  const parsed = parseConfig(text, options);
  const meaning =
    parsed.kind === 'ok'
      ? { ...parsed.config, routes: parsed.config.routes.map((route) => ({ ...route, line: 0, column: 0 })) }
      : parsed.problems.map(({ code, message }) => `${code} ${message}`);
  const values: unknown = parseDocument(hideReferences(text), { version: '1.2', schema: 'core' }).toJS();
  return [meaning, values, commentsOf(text)];
}
