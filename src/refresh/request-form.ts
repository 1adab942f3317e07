/**
 * What of a request its key and variant were made from, so that it can be asked again when nobody does: never a credential.
 */

import { formatCookies } from '../http/cookies.ts';
import type { Fields } from '../http/message.ts';
import { credentialHeaders } from '../policy/identity/credentials.ts';
import { foldFieldName } from '../http/field-name.ts';
import type { CacheExchange } from '../proxy/exchange/exchange.ts';
import { readableCookies } from '../proxy/exchange/upstream-fields.ts';
import type { Entry } from '../store/store.ts';

/** A request as it can be asked again. */
export type RequestForm = {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  /** Canonical path and query. */
  readonly target: string;
  readonly fields: Fields;
};

/** Longer ones are not kept: their number is bounded, so must their size be. */
const longestForm = 2048;

/** The form of an exchange whose answer was stored; `undefined` when it cannot be asked again without its client. */
export function formOf(exchange: CacheExchange, entry: Entry): RequestForm | undefined {
  const { request, match, target } = exchange;
  const fields = match.contentType.kind === 'rule' ? ruleFields(exchange) : variantFields(exchange, entry);
  if (fields === undefined) return undefined;
  const { scheme, host } = request;
  const length = fields.reduce((sum, text) => sum + text.length, target.length + host.length);
  return length > longestForm ? undefined : { scheme, host, target, fields };
}

/** Whether an entry is for more than one visitor. */
export const isShareable = ({ partition }: Pick<Entry, 'partition'>, isRule: boolean): boolean =>
  partition === 'public' || (!isRule && partition === 'anonymous');

/** By rule: the class of Accept, and what `vary` lists. */
function ruleFields(exchange: CacheExchange): string[] {
  const { contentType } = exchange.match;
  const { identity } = exchange;
  const token = identity.kind === 'known' ? identity.tokenFields[0] : undefined;
  const fields = pick(exchange.plan.upstreamFields(), (name) => name !== token && !isHeld(name));
  const named = new Set(contentType.vary.cookies);
  const cookies = readableCookies(exchange.request).filter(({ name }) => named.has(name));
  if (cookies.length > 0) fields.push('Cookie', formatCookies(cookies));
  return fields;
}

/** On `standard` routes: what the origin's Vary chose by. A variant chosen by cookies is not asked for again. */
function variantFields(exchange: CacheExchange, { selection }: Entry): string[] | undefined {
  const names = new Set([...selection.names.map((name) => name.toLowerCase()), 'accept']);
  if (names.has('cookie') && exchange.request.known.cookie !== undefined) return undefined;
  return pick(exchange.plan.upstreamFields(), (name) => names.has(name) && !isHeld(name));
}

const isHeld = (name: string): boolean =>
  name === 'cookie' || name === 'authorization' || credentialHeaders.has(foldFieldName(name));

function pick(fields: Fields, isWanted: (name: string) => boolean): string[] {
  const picked: string[] = [];
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] ?? '';
    if (isWanted(name.toLowerCase())) picked.push(name, fields[index + 1] ?? '');
  }
  return picked;
}
