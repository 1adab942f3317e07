/**
 * Reads a URL that an operator wrote, and finds the spellings under which responses may be stored. A path means every host,
 * an absolute URL only its own.
 */

import { canonicalAuthority } from '../http/authority.ts';
import { targetText } from '../http/path-spelling.ts';
import { normaliseTarget } from '../http/target.ts';
import { hostUrlTag, urlTag } from '../policy/rules/entry-tags.ts';
import type { Tag } from '../policy/rules/tags.ts';
import { asSent, namesHost, readAsked } from '../proxy/exchange/asked-request.ts';
import type { Site } from '../proxy/exchange/exchange.ts';
import { spellingsOf } from '../proxy/exchange/keyed-exchange.ts';
import { originHostOf } from '../proxy/exchange/upstream-fields.ts';
import type { UrlPrefix } from '../store/purge-log.ts';
import { type Bad, bad } from './json-body.ts';

/** `targets` are canonical: as written, and as a rule sorts or filters the query. `host` absent: every host. */
export type AskedUrl =
  { readonly kind: 'url'; readonly targets: readonly string[]; readonly host: string | undefined } | Bad;

const everyHost = { hosts: undefined, trustedProxies: [] };

/** Finds the spellings and the host. */
export function readUrl(text: string, site: Site): AskedUrl {
  const read = readAsked({ method: 'GET', url: text, fields: [], host: 'localhost' }, everyHost);
  if (read.kind === 'not-a-url')
    return bad(`${quoted(text)} is neither a path that begins with / nor an absolute URL`);
  if (read.kind !== 'request')
    return bad(`${quoted(text)} is not a URL that a client can request${reasonOf(text)}`);
  const { request } = read;
  return {
    kind: 'url',
    targets: spellingsOf(targetText(request.path, request.query), { request, site }),
    host: namesHost(text) ? originHostOf(request, site) : undefined,
  };
}

/** The tags of everything stored under a URL. */
export const tagsOfUrl = ({ targets, host }: Extract<AskedUrl, { kind: 'url' }>): Tag[] =>
  targets.map((target) => (host === undefined ? urlTag(target) : hostUrlTag(host, target)));

export type AskedPrefix = { readonly kind: 'prefix'; readonly prefix: UrlPrefix } | Bad;

/** Reads the start of a path or of an absolute URL. It is compared character by character with canonical targets. */
export function readPrefix(text: string, site: Site): AskedPrefix {
  const [, scheme, authority = '', rest = ''] = /^(https?):\/\/([^/?#]*)(.*)$/is.exec(text) ?? [];
  if (scheme === undefined && !text.startsWith('/')) {
    return bad(`the prefix ${quoted(text)} is neither the start of a path nor of an absolute URL`);
  }
  const start = asSent(scheme === undefined ? text : rest === '' ? '/' : rest);
  const host =
    scheme === undefined
      ? undefined
      : canonicalAuthority(authority, scheme.toLowerCase() === 'https' ? 'https' : 'http');
  if (scheme !== undefined && host === undefined) return bad(`the prefix ${quoted(text)} names no host`);
  if (start === undefined || !canBegin(start))
    return bad(`the prefix ${quoted(text)} can begin no canonical path: no escape cut short, no /./ or /../`);
  const asStored = site.config.upstream.host === 'upstream' && host !== undefined ? site.originHost : host;
  return { kind: 'prefix', prefix: { host: asStored, start: canonicalStart(start) } };
}

const quoted = (text: string): string => JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);

function reasonOf(text: string): string {
  const target = normaliseTarget(text);
  return target.kind === 'bad' ? ` (${target.reason})` : '';
}

/** Normalising the middle of a prefix would turn it into the start of something else. */
function canBegin(start: string): boolean {
  const path = start.replace(/\?.*$/s, '');
  return normaliseTarget(start).kind === 'ok' && !/\/\.{1,2}(?:\/|$)/.test(path);
}

function canonicalStart(start: string): string {
  const target = normaliseTarget(start);
  return target.kind === 'ok' ? targetText(target.path, target.query) : start;
}
