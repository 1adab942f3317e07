/**
 * `POST /purge`: an operator makes stored responses stale (CONTRACT §3). Every purge is in the log, secrets left out.
 */

import { hash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Logger } from 'pino';
import { partitionTag, typeTag, userTag } from '../policy/rules/entry-tags.ts';
import { type Tag, toTag } from '../policy/rules/tags.ts';
import type { ProxyParts, Site } from '../proxy/exchange/exchange.ts';
import {
  matcherOf,
  type Purge,
  type PurgeSubject,
  type Receipt,
  type UrlPrefix,
} from '../store/purge-log.ts';
import type { RegisterRoutes } from './api.ts';
import { readPrefix, readUrl, tagsOfUrl } from './asked-url.ts';
import { sendProblem } from './problem-answer.ts';
import { type PurgeRequest, readPurge } from './purge-request.ts';

/** What a purge did. `instances` are those that have it. */
export type PurgeReceipt = Receipt & {
  /**
   * Entries it met that were current: those at hand; those that only Redis has as well where none is at hand, and in a
   * dry run.
   */
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
  const { clock, purgeLog } = parts;
  const startedMs = clock.monotonicMs();
  const meets = purgeLog.meets(purge);
  // Counting waits: the purge does not.
  const { instances } = dryRun ? notAppended : await purgeLog.append(purge);
  const { matched, isWhole } = await countMet(parts, { purge, meets, dryRun });
  return {
    matched,
    instances,
    took_ms: Math.round(clock.monotonicMs() - startedMs),
    ...(dryRun ? { dry_run: true } : {}),
    ...(matched === 0
      ? { warning: isWhole ? 'nothing matched' : 'nothing matched of what could be looked at' }
      : {}),
  };
}

type Counting = {
  readonly purge: Purge;
  readonly meets: (subject: PurgeSubject) => boolean;
  readonly dryRun: boolean;
};
type Met = { readonly matched: number; readonly isWhole: boolean };

/**
 * How many entries a purge meets. The count of Redis is waited for only where the answer would else be that nothing was
 * met, and not for long; a dry run is for the count.
 */
async function countMet({ store }: ProxyParts, { purge, meets, dryRun }: Counting): Promise<Met> {
  const matched = await countAtHand(store.entries(), meets);
  if (store.census === undefined) return { matched, isWhole: true };
  if (matched > 0 && !dryRun) return { matched, isWhole: false };
  const isWanted = matcherOf(purge);
  const { found, isWhole } = await store.census({ isWanted, mostMs: dryRun ? 1000 : 250 });
  return { matched: matched + found.filter(meets).length, isWhole };
}

const countedAtOnce = 2000;

/** A few milliseconds at a time: clients do not wait for a count. */
async function countAtHand(
  entries: Iterable<PurgeSubject>,
  meets: (subject: PurgeSubject) => boolean,
): Promise<number> {
  let matched = 0;
  let looked = 0;
  for (const entry of entries) {
    if (meets(entry)) matched += 1;
    looked += 1;
    if (looked % countedAtOnce === 0) await setImmediate();
  }
  return matched;
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
