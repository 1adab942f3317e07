/**
 * Reads what purgers written for Varnish send: `PURGE` with an exact URL or `X-Purge-Method: regex`, `BAN` with expressions
 * for the URL, the host and the tags, `xkey`; and LiteSpeed's `X-LiteSpeed-Purge`.
 *
 * Promises: nothing throws. Only expressions that name URLs, prefixes or tags are understood. Any other is refused, since
 * purging something else would leave stale what was meant.
 */

import type { IncomingHttpHeaders } from 'node:http';
import { canonicalAuthority } from '../http/authority.ts';
import { isLiteSpeedPurge, liteSpeedPurges } from '../http/litespeed-purge.ts';
import { decodeBytes } from '../policy/key/query-values.ts';
import { namesOf, noPurge, type PurgeRequest } from './purge-request.ts';

export type VarnishRequest = {
  readonly method: 'PURGE' | 'BAN';
  /** As sent: a path, or an absolute URL. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** That of this listener. */
  readonly ownPort: string;
};

/** One purge for each part, all of which must be carried out. */
export type ReadVarnish =
  | { readonly kind: 'ok'; readonly requests: readonly PurgeRequest[] }
  | { readonly kind: 'bad'; readonly detail: string };

/** Reads a request. */
export function readVarnish(request: VarnishRequest): ReadVarnish {
  const read = readWords(request);
  // Fastly's own clients send it with PURGE as well.
  if (read.kind === 'bad' || request.headers['fastly-soft-purge'] !== '1') return read;
  return { kind: 'ok', requests: read.requests.map((asked) => ({ ...asked, soft: true })) };
}

function readWords(request: VarnishRequest): ReadVarnish {
  const { headers } = request;
  const liteSpeed = textOf(headers['x-litespeed-purge']);
  if (liteSpeed !== undefined) return readLiteSpeed(liteSpeed, siteOf(undefined, hostOf(request)));
  const tags = readTags(headers);
  if (tags !== undefined) return tags;
  return request.method === 'BAN' ? readBan(request) : readPurge(request);
}

const ok = (...parts: readonly Partial<PurgeRequest>[]): ReadVarnish => ({
  kind: 'ok',
  requests: parts.map((part) => ({ ...noPurge, ...part })),
});
const bad = (detail: string): ReadVarnish => ({ kind: 'bad', detail });

function textOf(value: string | string[] | undefined): string | undefined {
  const text = Array.isArray(value) ? value.join(', ') : value;
  return text === undefined || text.trim() === '' ? undefined : decodeBytes(text.trim());
}

/** Purgers reach the listener by its address, and name the site in Host; an address or the listener's port names no site. */
function hostOf({ headers: { host = '' }, ownPort }: VarnishRequest): string | undefined {
  const isAddress = /^(?:localhost|\d+\.\d+\.\d+\.\d+|\[[^\]]*\])?(?::\d+)?$/i.test(host);
  return isAddress || (ownPort !== '' && host.endsWith(`:${ownPort}`)) ? undefined : host;
}

/** A host, with the scheme that says which port may be left out. */
type Site = string;
const siteOf = (scheme = 'http', host: string | undefined): Site | undefined =>
  host === undefined ? undefined : `${scheme}://${host}`;
const at = (site: Site | undefined, path: string): string => (site ?? '') + path;

function readPurge(request: VarnishRequest): ReadVarnish {
  const { url, headers } = request;
  const { path, scheme, host = hostOf(request) } = parts(url);
  const site = siteOf(scheme, host);
  const method = textOf(headers['x-purge-method'])?.toLowerCase() ?? 'exact';
  if (method === 'exact' || method === 'default') return ok({ urls: [at(site, path)] });
  if (method !== 'regex') return bad('X-Purge-Method must be exact, default or regex');
  const selected = urlSelection(path.startsWith('/') ? `^${path}` : path, site);
  return selected === undefined ? bad(notUnderstood('the URL')) : ok(selected);
}

function readBan(request: VarnishRequest): ReadVarnish {
  const { url, headers } = request;
  const { path, scheme, host: named } = parts(url);
  const hosts = hostsIn(
    textOf(headers['x-host'] ?? headers['x-ban-host']) ?? named ?? hostOf(request) ?? '.*',
  );
  if (hosts === undefined) return bad(notUnderstood('X-Host'));
  const expression = textOf(headers['x-url'] ?? headers['x-ban-url']) ?? `^${path}`;
  const selections = hosts.map((host) =>
    urlSelection(expression, siteOf(scheme, host === '.*' ? undefined : host)),
  );
  const understood = selections.filter((selected) => selected !== undefined);
  return understood.length < selections.length ? bad(notUnderstood('X-Url')) : ok(...understood);
}

/** A host that is bound at one end only names others besides. */
function hostsIn(expression: string): readonly string[] | undefined {
  const isBound = expression.startsWith('^') === expression.endsWith('$');
  const hosts = isBound ? namesIn(expression) : undefined;
  return hosts?.every((host) => host === '.*' || isHost(host)) === true ? hosts : undefined;
}

const isHost = (text: string): boolean =>
  !text.endsWith('.') && canonicalAuthority(text, 'http') !== undefined;

type Parts = { readonly path: string; readonly scheme?: string; readonly host?: string };

function parts(url: string): Parts {
  const text = decodeBytes(url);
  const [, scheme, host, rest = ''] = /^(https?):\/\/([^/?#]*)(.*)$/is.exec(text) ?? [];
  if (scheme === undefined || host === undefined) return { path: text };
  return { path: rest === '' ? '/' : rest, scheme: scheme.toLowerCase(), host };
}

/** `^/a$` is a URL, `^/a` and `^/a.*` are a prefix, `.*` is everything. Without `^` it may match anywhere. */
function urlSelection(expression: string, site: Site | undefined): Partial<PurgeRequest> | undefined {
  if (/^\^?\/?\.\*\$?$|^\^?\/$|^\.$/.test(expression))
    return site === undefined ? { everything: true } : { prefixes: [at(site, '/')] };
  if (!expression.startsWith('^/')) return undefined;
  const isExact = /[^\\]\$$/.test(expression) && !expression.endsWith('.*$');
  const literal = literalOf(expression.slice(1).replace(/(?:\.\*)?\$?$/, ''));
  if (literal === undefined) return undefined;
  return isExact ? { urls: [at(site, literal)] } : { prefixes: [at(site, literal)] };
}

const tagFields = ['xkey', 'xkey-purge', 'x-xkey', 'surrogate-key', 'cache-tag'];
const softFields = ['xkey-softpurge'];
const patternFields = ['x-cache-tags', 'cache-tags', 'x-magento-tags-pattern', 'x-tags'];

function readTags(headers: IncomingHttpHeaders): ReadVarnish | undefined {
  const given = (names: readonly string[]): readonly string[] =>
    names.map((name) => textOf(headers[name])).filter((text) => text !== undefined);
  const patterns = given(patternFields).map(namesIn);
  const named = [...patterns.filter((names) => names !== undefined).flat(), ...given(tagFields)];
  if (patterns.includes(undefined)) return bad(notUnderstood('one of the fields that name tags'));
  if (named.includes('.*')) return ok({ everything: true });
  const tags = named.flatMap(namesOf);
  const softly = given(softFields).flatMap(namesOf);
  if (tags.length + softly.length === 0) return undefined;
  return ok(
    ...(tags.length > 0 ? [{ tags }] : []),
    ...(softly.length > 0 ? [{ tags: softly, soft: true }] : []),
  );
}

/** What marks the ends of a name in a list: `(^|,)a(,|$)`, `(?:^|[, ])a(?:[, ]|$)`, `\ba\b`, `^a$`. */
const ends =
  /\(,\.\+\)\?\$?|\((?:\?:)?\^\|(?:,|\[[, ]+\]| )\)|\((?:\?:)?(?:,|\[[, ]+\]| )\|\$\)|\\b|^\^|\$$/g;

/** The names that an expression lists: `a|b`, `(a|b)`, `((^|,)a(,|$))|((^|,)b(,|$))`. */
function namesIn(expression: string): readonly string[] | undefined {
  if (expression === '.*') return ['.*'];
  const bare = expression.replace(ends, '');
  if (!isBalanced(bare)) return undefined;
  const names = bare
    .replace(/\\[()]|\((?:\?:)?|\)/g, (found) => (found.startsWith('\\') ? found : ''))
    .split('|')
    .map(literalOf);
  const known = names.filter((name) => name !== undefined && name !== '');
  return known.length === names.length ? (known as string[]) : undefined;
}

/** Groups may only be around whole alternatives: `a(b|c)` means `ab` and `ac`. */
const isBalanced = (text: string): boolean => !/[^|(\\]\(|[^\\]\)[^|)]/.test(text.replaceAll('(?:', '('));

/** An expression that matches one text: that text. */
function literalOf(expression: string): string | undefined {
  const plain = expression.replace(/\\[^a-z0-9]/gi, '');
  // A dot matches itself too, and host names and files are seldom escaped.
  return /[\\^$*+?()[\]{}|]/.test(plain) ? undefined : expression.replace(/\\(.)/g, '$1');
}

const notUnderstood = (what: string): string =>
  `${what} is an expression that cannot be turned into URLs, prefixes or tags: write ^/path$, ^/path.* or a|b`;

function readLiteSpeed(text: string, site: Site | undefined): ReadVarnish {
  const asked = liteSpeedPurges({ method: 'PURGE', fields: ['X-LiteSpeed-Purge', text] });
  if (asked.length === 0 || asked.some((part) => part.private) || !isLiteSpeedPurge(text))
    return bad('X-LiteSpeed-Purge selects what cannot be purged here: give tag=NAME, a path, or *');
  return ok(
    ...asked.map(({ tags, paths, everything, soft }) => ({
      tags,
      urls: paths.map((path) => at(site, path)),
      everything: everything && site === undefined,
      prefixes: everything && site !== undefined ? [at(site, '/')] : [],
      soft,
    })),
  );
}
