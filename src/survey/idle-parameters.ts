/** Which parameters of a page were seen to change nothing? */

import type { CookieRoles } from './cookie-roles.ts';
import { type Exchange, partitionOf, queryOf, stateOf } from './page-history.ts';
import { pathOf } from './path-templates.ts';

export type IdleParameter = {
  readonly name: string;
  /** Looks by one person, one after the other, that differed in its value alone and gave the same. */
  readonly same: number;
  readonly values: number;
};

const fewestSame = 20;
const fewestValues = 3;

type Counted = { same: number; different: number; readonly values: Set<string> };

/** Those with three values at least, 20 looks, and never another body; `exchanges` of one pattern in the order of time. */
export function idleParameters(exchanges: readonly Exchange[], roles: CookieRoles): readonly IdleParameter[] {
  const last = new Map<string, { readonly value: string; readonly state: string }>();
  const counted = new Map<string, Counted>();
  for (const exchange of exchanges) {
    const { seen, target } = exchange;
    const state = stateOf(exchange);
    const query = queryOf(target);
    for (const name of new Set(query.keys())) {
      const value = query.getAll(name).join();
      const rest = [...query].filter(([other]) => other !== name);
      const key = JSON.stringify([
        name,
        pathOf(target),
        rest,
        partitionOf(exchange, roles),
        seen.encoding,
        seen.fields,
      ]);
      const before = last.get(key);
      last.set(key, { value, state });
      const of = counted.get(name) ?? { same: 0, different: 0, values: new Set() };
      counted.set(name, of);
      of.values.add(value);
      if (before === undefined || before.value === value) continue;
      of[before.state === state ? 'same' : 'different'] += 1;
    }
  }
  return [...counted]
    .filter(
      ([, { same, different, values }]) =>
        different === 0 && same >= fewestSame && values.size >= fewestValues,
    )
    .map(([name, { same, values }]) => ({ name, same, values: values.size }));
}
