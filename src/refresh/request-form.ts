/** The parts of a request that made its key and variant, so that it can be sent again without a client. Never a credential. */

import { formatCookies } from '../http/cookies.ts';
import type { Fields } from '../http/message.ts';
import { credentialHeaders } from '../policy/identity/credentials.ts';
import { foldFieldName } from '../http/field-name.ts';
import type { CacheExchange } from '../proxy/exchange/exchange.ts';
import { readableCookies } from '../proxy/exchange/upstream-fields.ts';
import type { Entry } from '../store/store.ts';

export type RequestForm = {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly target: string;
  readonly fields: Fields;
};

/** Longer ones are not kept, so that their total size is bounded. */
const longestForm = 2048;

/** The form of an exchange whose answer was stored; `undefined` if it cannot be sent again without its client. */
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

/** With a rule: the class of Accept, and the fields in `vary`. */
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

/** On `standard` routes: the fields in the origin's Vary. A variant selected by cookies is not requested again. */
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
