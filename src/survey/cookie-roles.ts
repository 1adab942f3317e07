/**
 * What each cookie is for, by its name and by who has which value: part of an identity, or a choice that pages depend on.
 *
 * Promise: a cookie that nobody can tell is part of the identity, which costs hits and shows nobody another's page.
 */

import { isToken } from '../http/field-name.ts';
import { isAnalyticsCookie } from '../policy/identity/credentials.ts';
import type { Seen } from './traffic-record.ts';

export type Framework =
  | 'Flask'
  | 'Django'
  | 'Rails'
  | 'Laravel'
  | 'PHP'
  | 'Express'
  | 'Koa'
  | 'Spring'
  | 'ASP.NET'
  | 'WordPress'
  | 'hapi';

export type CookieRoles = {
  readonly framework: Framework | undefined;
  /** The Flask session cookie, if there is one, and the claim that names its user. */
  readonly flask: { readonly cookie: string; readonly userClaim: string | undefined } | undefined;
  readonly credentials: readonly string[];
  /** Pages may differ by them. */
  readonly choices: readonly string[];
};

const frameworks: readonly (readonly [Framework, RegExp])[] = [
  ['Django', /^(?:sessionid|csrftoken)$/],
  ['Rails', /^_[\w-]+_session$/],
  ['Laravel', /^(?:laravel_session|laravel-session|XSRF-TOKEN)$/],
  ['PHP', /^PHPSESSID$/],
  ['Express', /^(?:connect\.sid|express:sess)$/],
  ['Koa', /^koa[.:]sess$/],
  ['Spring', /^(?:JSESSIONID|SESSION)$/],
  ['ASP.NET', /^(?:ASP\.NET_SessionId|\.AspNetCore\..+|\.ASPXAUTH)$/],
  ['WordPress', /^(?:wordpress_|wp-settings-)/],
];

const choice =
  /(?:^|[_-])(?:theme|lang|language|locale|i18n|tz|timezone|font|scale|view|layout|currency|consent|sidebar|density)(?:$|[_-])/i;
const userClaims = ['user_id', '_user_id', 'uid', 'sub', 'user', 'username', 'account_id', 'id', 'email'];
/** A choice has few values, and several people have the same. */
const mostChoices = 6;

/** From all requests that have cookies, in any order. `setNames`: cookies that the app sets. */
export function cookieRoles(all: readonly Seen[], setNames: ReadonlySet<string>): CookieRoles {
  const flask = all.find(({ flask: found }) => found !== undefined && isToken(found.cookie))?.flask;
  const names = new Set([...all.flatMap(({ cookies }) => Object.keys(cookies)), ...setNames]);
  const own = [...names].filter((name) => !isAnalyticsCookie(name)).sort();
  // A list of credentials leaves the others out, and an odd name cannot be in it.
  const choices = !own.every(isToken)
    ? []
    : own.filter((name) => name !== flask?.cookie && isChoice(name, all, flask?.cookie));
  return {
    framework: flask === undefined ? frameworkBy(own) : 'Flask',
    flask: flask && { cookie: flask.cookie, userClaim: userClaimIn(all) },
    credentials: own.filter((name) => !choices.includes(name)),
    choices,
  };
}

/** By the names of its cookies. */
export const frameworkBy = (names: readonly string[]): Framework | undefined =>
  frameworks.find(([, pattern]) => names.some((name) => pattern.test(name)))?.[0];

function userClaimIn(all: readonly Seen[]): string | undefined {
  const present = new Set(all.flatMap(({ flask }) => Object.keys(flask?.claims ?? {})));
  return userClaims.find((name) => present.has(name));
}

/** `session`: the cookie that tells people apart for certain. */
function isChoice(name: string, all: readonly Seen[], session: string | undefined): boolean {
  if (frameworkBy([name]) !== undefined || /sess|token|auth|csrf|xsrf|remember|sid$|sig$/i.test(name))
    return false;
  if (choice.test(name)) return true;
  if (session === undefined) return false;
  const whoHas = new Map<string, Set<string>>();
  for (const { cookies } of all) {
    const value = cookies[name];
    const who = cookies[session];
    if (value === undefined || who === undefined) continue;
    whoHas.set(value, (whoHas.get(value) ?? new Set()).add(who));
  }
  return whoHas.size <= mostChoices && [...whoHas.values()].some(({ size }) => size >= 3);
}
