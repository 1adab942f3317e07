/** Identity and rule become key and fetch (DESIGN §3.2: the key is computed from what is sent to the origin). */

import type { ContentType } from '../../config/config.ts';
import {
  noRequestDirectives,
  parseRequestDirectives,
  type RequestDirectives,
} from '../../http/cache-control.ts';
import type { Cookie } from '../../http/cookies.ts';
import type { Fields } from '../../http/message.ts';
import { sortQuery } from '../../http/query.ts';
import type { KnownFields } from '../../http/request-head.ts';
import { splitTarget, targetText } from '../../http/path-spelling.ts';
import {
  type CacheKey,
  type KeyedRequest,
  type KeyPlan,
  planRule,
  planStandard,
} from '../../policy/key/cache-key.ts';
import type { Identity } from '../../policy/identity/identity.ts';
import { reloadAsked } from '../../policy/key/reload-asked.ts';
import type { KeyMemo } from '../../policy/key/key-memo.ts';
import { ruleDigest } from '../../policy/key/rule-digest.ts';
import type { ClientRequest } from './client-request.ts';
import type { CacheExchange, Exchange, KeyedBefore, Site } from './exchange.ts';
import { answersTarget, sharedQuery, withAnyQuery } from './shared-query.ts';
import { originHostOf, readableCookies } from './upstream-fields.ts';

/** Adds to an exchange what it is looked up by and, if need be, fetched with. `identity` is not in doubt for this route. */
export function keyedExchange(exchange: Exchange, identity: Identity): CacheExchange {
  const { services, site, request, reply, match, now, startedMs } = exchange;
  const { contentType } = match;
  const memo = site.keyed;
  const query = request.query === undefined ? undefined : rememberedQuery(exchange, memo);
  const host = originHostOf(request, site);
  const rule = memo.rules.get(contentType) ?? digestRule(memo, site, contentType);
  const isShared = site.config.accept.noVarySearch;
  const keyedBy = isShared ? sharedQuery(memo.declared, { host, path: request.path, query }) : query;
  const keyed = new RequestToKey(request, { host, query: keyedBy, rule, memo: memo.keys });
  const encoding = 'identity';
  const own =
    contentType.kind === 'rule'
      ? planRule(keyed, { contentType, identity, encoding })
      : planStandard(keyed, identity);
  const directives = directivesOf(exchange);
  const target = targetText(request.path, query);
  const plan = isShared ? sharedPlan(own, { target, keyedBy }) : own;
  // One literal, no spreading: this object is made for every request.
  // prettier-ignore
  return {
    services, site, request, reply, match, now, startedMs, identity, plan, directives, query, host, target,
  };
}

/** Under the key of queries that may be the same, the stored response says whether they are. */
const sharedPlan = (
  plan: KeyPlan,
  { target, keyedBy }: { target: string; keyedBy: string | undefined },
): KeyPlan => ({
  ...plan,
  answers: (stored) => answersTarget(stored, target),
  keyedAs: targetText(splitTarget(target).path, keyedBy),
});

function digestRule({ rules }: KeyedBefore, { config }: Site, contentType: ContentType): string {
  const digest = ruleDigest(config, contentType);
  rules.set(contentType, digest);
  return digest;
}

/** Its cookies are read when they are asked for: a hit seldom does. */
class RequestToKey implements KeyedRequest {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly path: string;
  readonly query: string | undefined;
  readonly fields: Fields;
  readonly known: KnownFields;
  readonly unusual: Fields;
  readonly rule: string;
  readonly memo: KeyMemo<CacheKey>;
  readonly #request: ClientRequest;

  constructor(
    request: ClientRequest,
    {
      host,
      query,
      rule,
      memo,
    }: Required<Pick<KeyedRequest, 'host' | 'rule' | 'memo'>> & Pick<KeyedRequest, 'query'>,
  ) {
    this.scheme = request.scheme;
    this.host = host;
    this.path = request.path;
    this.query = query;
    this.fields = request.fields;
    this.known = request.known;
    this.unusual = request.unusual;
    this.rule = rule;
    this.memo = memo;
    this.#request = request;
  }

  get cookies(): readonly Cookie[] {
    return readableCookies(this.#request);
  }
}

function rememberedQuery({ request, match }: Exchange, { queries }: KeyedBefore): string | undefined {
  const { contentType } = match;
  const sent = request.query ?? '';
  const isAsSent =
    contentType.kind !== 'rule' && contentType.query.kind === 'all' && contentType.query.cut.length === 0;
  if (isAsSent) return sent;
  const before = queries.get(sent);
  if (before?.contentType === contentType) return before.query;
  const query = keyedQuery({ request, match });
  if (sent.length <= 512) queries.set(sent, { contentType, query });
  return query;
}

/** A target as it was named, and as a GET of it is keyed: what a purge must meet. */
export function spellingsOf(
  target: string,
  { request, site }: Pick<Exchange, 'request' | 'site'>,
): readonly string[] {
  const { path, query } = splitTarget(target);
  if (query === undefined) return withAnyQuery([target], site.config);
  const asked = { ...request, method: 'GET', path, query };
  const match = site.rules.match('GET', path, asked);
  const keyed = targetText(path, keyedQuery({ request: asked, match }));
  return withAnyQuery(keyed === target ? [target] : [target, keyed], site.config);
}

/** The query as it is keyed and sent: sorted and filtered as the rule says. */
export function keyedQuery({ request, match }: Pick<Exchange, 'request' | 'match'>): string | undefined {
  const { query, ordered } = match.contentType;
  const { cut } = query;
  const reload = (query.reload ?? none).map(({ name }) => name);
  switch (query.kind) {
    case 'all':
      return sortQuery(request.query, { ordered, cut, ignore: reload });
    case 'ignore':
      return sortQuery(request.query, { ordered, cut, ignore: [...query.patterns, ...reload] });
    case 'only':
      return sortQuery(request.query, { ordered, cut, only: query.names });
    default:
      return query satisfies never;
  }
}

const none: readonly [] = [];

/** Whether a parameter asks for the origin's own answer (`query.reload`). */
export const asksReload = ({ request, match }: Pick<Exchange, 'request' | 'match'>): boolean =>
  reloadAsked(request.query, match.contentType.query).kind === 'reload';

/** The target to send: with the parameter that asks for a reload, which the key does not have. */
export function sentTarget({
  request,
  match,
  target,
}: Pick<CacheExchange, 'request' | 'match' | 'target'>): string {
  const asked = reloadAsked(request.query, match.contentType.query);
  return asked.kind === 'reload' ? `${target}${target.includes('?') ? '&' : '?'}${asked.sent}` : target;
}

function directivesOf(exchange: Exchange): RequestDirectives {
  const own = clientDirectives(exchange);
  return asksReload(exchange) ? { ...own, noCache: true } : own;
}

function clientDirectives({ request, match }: Exchange): RequestDirectives {
  const { known } = request;
  if (known['cache-control'] === undefined && known.pragma === undefined) return noRequestDirectives;
  const isIgnored = match.contentType.clientReload === 'ignore';
  return isIgnored ? noRequestDirectives : parseRequestDirectives(request.fields);
}
