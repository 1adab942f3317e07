/**
 * Reads `No-Vary-Search`: which parameters of its query a response does not depend on
 * (draft-ietf-httpbis-no-vary-search).
 *
 * Promises: nothing throws. A field that is not valid means that the whole query matters. Two queries are the same only if
 * what is left of them is the same text.
 */
import { parseDictionary } from 'structured-headers';
import { combinedValue } from './fields.ts';
import type { Fields } from './message.ts';
import { parameterName } from './query.ts';

/** The parameters that matter: `all`, all but `names`, or only `names`. */
export type NoVarySearch = {
  readonly matters: 'all' | 'all-but' | 'only';
  readonly names: readonly string[];
  /** Whether their order does. */
  readonly ordered: boolean;
};

const mostNames = 256;

/** What a response declares; undefined if the whole query matters, in its order. */
export function noVarySearch(fields: Fields): NoVarySearch | undefined {
  const value = combinedValue(fields, 'no-vary-search');
  if (value === undefined) return undefined;
  try {
    const given = parseDictionary(value);
    const of = (name: string): unknown => given.get(name)?.[0];
    return ruleOf({ keyOrder: of('key-order'), params: of('params'), except: of('except') });
  } catch {
    // Not a Dictionary: the draft says to vary on everything.
    return undefined;
  }
}

/** What is left of a query; undefined for nothing. */
export function whatMatters(
  query: string | undefined,
  { matters, names, ordered }: NoVarySearch,
): string | undefined {
  if (query === undefined) return undefined;
  const named = new Set(names);
  const left = query
    .split('&')
    .filter((text) => text !== '')
    .map((text) => ({ text, name: parameterName(text) }))
    .filter(({ name }) => matters === 'all' || named.has(name) === (matters === 'only'));
  // Array.prototype.sort is stable: equal names keep their order.
  if (!ordered) left.sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
  return left.length === 0 ? undefined : left.map(({ text }) => text).join('&');
}

type Given = { readonly keyOrder: unknown; readonly params: unknown; readonly except: unknown };

function ruleOf({ keyOrder = false, params = false, except }: Given): NoVarySearch | undefined {
  if (typeof keyOrder !== 'boolean') return undefined;
  const ordered = !keyOrder;
  const [ignored, kept] = [namesIn(params), namesIn(except)];
  if (except !== undefined) {
    return params === true && kept !== undefined ? { matters: 'only', names: kept, ordered } : undefined;
  }
  if (params === true) return { matters: 'only', names: [], ordered };
  if (ignored !== undefined) return { matters: 'all-but', names: ignored, ordered };
  return params === false && keyOrder ? { matters: 'all', names: [], ordered } : undefined;
}

function namesIn(list: unknown): string[] | undefined {
  const members = Array.isArray(list) ? (list as unknown[]).map((item) => (item as unknown[])[0]) : undefined;
  if (members === undefined || members.length > mostNames) return undefined;
  return members.every((name) => typeof name === 'string') ? members.map(nameOf) : undefined;
}

/** As the application reads it; a `=` in it is part of the name. */
const nameOf = (name: string): string => parameterName(name.replaceAll('=', '%3D'));
