/** Reads the query of a control request strictly. */

import type { FastifyRequest } from 'fastify';
import { type Bad, bad } from './json-body.ts';

export type ReadQuery =
  { readonly kind: 'ok'; readonly values: ReadonlyMap<string, readonly string[]> } | Bad;

/** `one` may be given once, `many` repeatedly; all of `required` must be given. */
export type QueryShape = {
  readonly one: readonly string[];
  readonly many?: readonly string[];
  readonly required: readonly string[];
};

/** Reads the query of a request; anything unknown, repeated, missing or empty is refused. */
export function readQuery(request: FastifyRequest, { one, many = [], required }: QueryShape): ReadQuery {
  const mark = request.url.indexOf('?');
  const given = new URLSearchParams(mark < 0 ? '' : request.url.slice(mark + 1));
  const values = new Map<string, string[]>();
  for (const [name, value] of given) {
    if (!one.includes(name) && !many.includes(name))
      return bad(
        `unknown parameter ${JSON.stringify(name)}; the parameters are ${[...one, ...many].join(', ')}`,
      );
    const before = values.get(name);
    if (before !== undefined && one.includes(name)) return bad(`${name} is given twice`);
    values.set(name, [...(before ?? []), value]);
  }
  const missing = required.find((name) => (values.get(name)?.[0] ?? '') === '');
  return missing === undefined ? { kind: 'ok', values } : bad(`${missing} is missing`);
}
