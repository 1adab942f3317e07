/**
 * `POST /purge`: an operator makes stored responses stale (CONTRACT §3). Every purge is in the log, secrets left out.
 */

import { hash } from 'node:crypto';
import type { Logger } from 'pino';
import { partitionTag, typeTag, userTag } from '../policy/entry-tags.ts';
import { type Tag, toTag } from '../policy/tags.ts';
import type { ProxyParts, Site } from '../proxy/exchange.ts';
import { matcherOf, type Purge, type Receipt, type UrlPrefix } from '../store/purge-log.ts';
import type { RegisterRoutes } from './api.ts';
import { readPrefix, readUrl, tagsOfUrl } from './asked-url.ts';
import { sendProblem } from './problem-answer.ts';
import { type PurgeRequest, readPurge } from './purge-request.ts';

/** What a purge did. `instances` are those that have it. */
export type PurgeReceipt = Receipt & {
  /** Entries at hand that it met and that were current. */
  readonly matched: number;
  readonly took_ms: number;
  readonly dry_run?: true;
  readonly warning?: string;
};

/** The route that purges. */
export function purgeRoutes(parts: ProxyParts, log: Logger): RegisterRoutes {
  return (app) => {
    app.post('/purge', async (request, reply) => {
      const read = readPurge(request.body, request.headers['content-type']);
      if (read.kind === 'bad') return sendProblem(reply, { status: 400, detail: read.detail });
      const selected = selectPurge(read.request, parts.site());
      if (selected.kind === 'bad') return sendProblem(reply, { status: 400, detail: selected.detail });
      const receipt = await carryOut(parts, selected.purge, read.request);
      log.info({ address: request.ip, ...audit(read.request), receipt }, 'control: purge');
      return reply.send(receipt);
    });
  };
}

type Selected =
  { readonly kind: 'purge'; readonly purge: Purge } | { readonly kind: 'bad'; readonly detail: string };

/** One record for the purge log from all selectors together. */
function selectPurge(request: PurgeRequest, site: Site): Selected {
  const { users, types, everything, soft } = request;
  const tags: Tag[] = [...request.tags.map(toTag), ...types.map(typeTag)];
  for (const user of users) tags.push(userTag(user), partitionTag(user));
  for (const text of request.urls) {
    const url = readUrl(text, site);
    if (url.kind === 'bad') return url;
    tags.push(...tagsOfUrl(url));
  }
  const prefixes: UrlPrefix[] = [];
  for (const text of request.prefixes) {
    const read = readPrefix(text, site);
    if (read.kind === 'bad') return read;
    prefixes.push(read.prefix);
  }
  return { kind: 'purge', purge: { tags: [...new Set(tags)], prefixes, everything, soft, cause: 'api' } };
}

async function carryOut(parts: ProxyParts, purge: Purge, { dryRun }: PurgeRequest): Promise<PurgeReceipt> {
  const { clock, purgeLog, store } = parts;
  const startedMs = clock.monotonicMs();
  const matches = matcherOf(purge);
  let matched = 0;
  // Counted before the record is there, in the same turn: nothing can be stored or purged between the two.
  for (const entry of store.entries()) {
    if (purgeLog.verdict(entry).kind !== 'purged' && matches(entry)) matched += 1;
  }
  const { instances } = dryRun ? notAppended : await purgeLog.append(purge);
  return {
    matched,
    instances,
    took_ms: Math.round(clock.monotonicMs() - startedMs),
    ...(dryRun ? { dry_run: true } : {}),
    ...(matched === 0 ? { warning: 'nothing matched' } : {}),
  };
}

const notAppended: Receipt = { instances: { known: 1, acknowledged: 1 } };

const mostLogged = 20;

/** What of a purge is logged: URLs without their queries, which may hold secrets, users as digests, and no endless lists. */
function audit({ urls, prefixes, tags, types, users, everything, soft, dryRun }: PurgeRequest): object {
  const some = (list: readonly string[]): readonly string[] =>
    list.length <= mostLogged ? list : [...list.slice(0, mostLogged), `and ${list.length - mostLogged} more`];
  const withoutQuery = (url: string): string => url.replace(/[?#].*$/s, '?…');
  const digest = (user: string): string => hash('sha256', user, 'hex').slice(0, 16);
  return {
    ...(urls.length > 0 ? { urls: some(urls.map(withoutQuery)) } : {}),
    ...(prefixes.length > 0 ? { prefixes: some(prefixes.map(withoutQuery)) } : {}),
    ...(tags.length > 0 ? { tags: some(tags) } : {}),
    ...(types.length > 0 ? { types: some(types) } : {}),
    ...(users.length > 0 ? { users: some(users.map(digest)) } : {}),
    everything,
    soft,
    dry_run: dryRun,
  };
}
