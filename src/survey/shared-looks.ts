/** Do different people get the same from one URL? */

import type { CookieRoles } from './cookie-roles.ts';
import { type Exchange, pageOf, partitionOf, stateOf } from './page-history.ts';

export type SharedLooks = {
  /** Looks at one URL by different people, one after the other: the same body, and another. */
  readonly same: number;
  readonly different: number;
  readonly people: number;
  /** Enough of them, somebody without a session among them, always the same, and no cookie set. */
  readonly isEverybodys: boolean;
};

const fewestSame = 10;
const fewestPeople = 3;

/** `exchanges` of one pattern in the order of time. */
export function sharedLooks(exchanges: readonly Exchange[], roles: CookieRoles): SharedLooks {
  const last = new Map<string, { readonly who: string; readonly state: string }>();
  const people = new Set<string>();
  let [same, different, setsCookies, anonymous] = [0, 0, 0, 0];
  for (const exchange of exchanges) {
    const { seen } = exchange;
    const isAnonymous =
      seen.authorization === undefined && roles.credentials.every((name) => !(name in seen.cookies));
    const who = partitionOf(exchange, roles);
    people.add(who);
    if (isAnonymous) anonymous += 1;
    if (Object.keys(seen.sets).length > 0) setsCookies += 1;
    const key = JSON.stringify(pageOf(exchange, roles));
    const state = stateOf(exchange);
    const before = last.get(key);
    last.set(key, { who, state });
    if (before === undefined || before.who === who) continue;
    if (before.state === state) same += 1;
    else different += 1;
  }
  const isEnough = same >= fewestSame && people.size >= fewestPeople && anonymous > 0;
  return {
    ...{ same, different, people: people.size },
    isEverybodys: isEnough && different === 0 && setsCookies === 0,
  };
}
