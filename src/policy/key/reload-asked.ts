/**
 * Does a request ask for the origin's own answer by a parameter that its rule names (`query.reload`)?
 *
 * Promise: what is sent besides the key is the rule's own text, never the client's: the answer is stored without it.
 */

import type { QueryRule } from '../../config/schema/query-rule.ts';
import { queryValues } from './query-values.ts';

/** `other`: the parameter is there with another value, or more than once. `sent`: the parameters to send. */
type ReloadAsked = { readonly kind: 'none' | 'other' } | { readonly kind: 'reload'; readonly sent: string };

const none: ReloadAsked = { kind: 'none' };

/** Reads the query as it was sent. */
export function reloadAsked(query: string | undefined, { reload }: QueryRule): ReloadAsked {
  if (reload === undefined || query === undefined) return none;
  const sent: string[] = [];
  for (const { name, value } of reload) {
    const values = queryValues(query, name);
    if (values.length === 0) continue;
    if (values.length > 1 || values[0] !== value) return { kind: 'other' };
    sent.push(`${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  }
  return sent.length === 0 ? none : { kind: 'reload', sent: sent.join('&') };
}
