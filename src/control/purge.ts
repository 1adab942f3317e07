/** `POST /purge`: an operator purges stored responses (CONTRACT §3). Every purge is logged without secrets. */

import { hash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { partitionTag, typeTag, userTag } from '../policy/rules/entry-tags.ts';
import { type Tag, toTag } from '../policy/rules/tags.ts';
import type { Services, Site } from '../proxy/exchange/exchange.ts';
import {
  matcherOf,
  type Purge,
  type PurgeSubject,
  type Receipt,
  type UrlPrefix,
} from '../store/purge-log.ts';
import { readPrefix, readUrl, tagsOfUrl } from './asked-url.ts';
import { nameOf, type StoredSubject } from '../store/store.ts';
import type { Bad } from './json-body.ts';
import type { PurgeRequest } from './purge-request.ts';

export type PurgeReceipt = Receipt & {
  /** Matching entries in memory; also those that only Redis has, when memory has none and in a dry run. */
  readonly matched: number;
  readonly took_ms: number;
  readonly dry_run?: true;
  readonly warning?: string;
};

/** Carries out what a caller asked for, and notes who did. `bad`: nothing was purged. */
export type CarryOut = (
  request: FastifyRequest,
  asked: PurgeRequest,
) => Promise<{ readonly kind: 'purged'; readonly receipt: PurgeReceipt } | Bad>;

/** What a purge is to be counted by. */
export type MetBy = { readonly purge: Purge; readonly dryRun: boolean };
/** `isWhole`: everything was looked at. */
export type Met = { readonly matched: number; readonly isWhole: boolean };
export type Purged = Met & { readonly receipt: Receipt };
export type PurgeStored = (asked: MetBy) => Promise<Purged>;

export type Purging = Pick<Services, 'site' | 'clock'> & { readonly purge: PurgeStored };

/** Makes what all routes that purge share. */
export function createCarryOut({ site, clock, purge }: Purging, log: Logger): CarryOut {
  return async (request, asked) => {
    const selected = selectPurge(asked, site());
    if (selected.kind === 'bad') return selected;
    const startedMs = clock.monotonicMs();
    const done = await purge({ purge: selected.purge, dryRun: asked.dryRun });
    const receipt = receiptOf(done, { dryRun: asked.dryRun, tookMs: clock.monotonicMs() - startedMs });
    const { ip: address, caller: by } = request;
    request.audited = { ...audit(asked), receipt };
    log.info({ address, by, ...audit(asked), receipt }, 'control: purge');
    return { kind: 'purged', receipt };
  };
}

type Selected = { readonly kind: 'purge'; readonly purge: Purge } | Bad;

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

type Told = { readonly dryRun: boolean; readonly tookMs: number };

function receiptOf({ receipt, matched, isWhole }: Purged, { dryRun, tookMs }: Told): PurgeReceipt {
  const { instances, workers } = receipt;
  return {
    matched,
    instances,
    ...(workers === undefined ? {} : { workers }),
    took_ms: Math.round(tookMs),
    ...(dryRun ? { dry_run: true } : {}),
    ...(matched === 0
      ? { warning: isWhole ? 'nothing matched' : 'nothing matched among the entries that could be checked' }
      : {}),
  };
}

/** Purges what this process has stored, through its log. */
export const purgeHere =
  (services: Services): PurgeStored =>
  async (asked) => {
    const count = prepareCount(services, asked);
    // The purge never waits for the count.
    const receipt = asked.dryRun ? notAppended : await services.purgeLog.append(asked.purge);
    return { receipt, ...(await countMet(count, asked.dryRun)) };
  };

/** What memory has, with the names of these copies in a dry run. */
export type MetAtHand = { readonly matched: number; readonly names: readonly string[] };

export type PurgeCount = {
  readonly atHand: () => Promise<MetAtHand>;
  /** What a slow tier has besides, but for the copies that are known already; absent: there is none. */
  readonly elsewhere: ((known: ReadonlySet<string>) => Promise<Met>) | undefined;
};

/** Prepares to count what a purge would meet as of this call, before it is appended. */
export function prepareCount({ store, purgeLog }: Services, { purge, dryRun }: MetBy): PurgeCount {
  const meets = purgeLog.meets(purge);
  const isWanted = matcherOf(purge);
  const mostMs = dryRun ? 1000 : 250;
  return {
    atHand: () => countAtHand(store.subjects(), meets, dryRun && store.census !== undefined),
    elsewhere:
      store.census &&
      (async (known) => {
        const { found = [], isWhole = false } = (await store.census?.({ isWanted, mostMs })) ?? {};
        const matched = found.filter((head) => meets(head) && !known.has(nameOf(head))).length;
        return { matched, isWhole };
      }),
  };
}

/** Waits for the count from Redis only in a dry run, or briefly when memory has no match. */
async function countMet({ atHand, elsewhere }: PurgeCount, dryRun: boolean): Promise<Met> {
  const { matched } = await atHand();
  if (elsewhere === undefined) return { matched, isWhole: true };
  if (matched > 0 && !dryRun) return { matched, isWhole: false };
  const more = await elsewhere(new Set());
  return { matched: matched + more.matched, isWhole: more.isWhole };
}

const countedAtOnce = 2000;
/** Of more copies it is not told which they are, so that another process may count them twice. */
const mostNamed = 20_000;

/** Counts a few milliseconds at a time, so that clients never wait for it. */
async function countAtHand(
  entries: Iterable<StoredSubject>,
  meets: (subject: PurgeSubject) => boolean,
  isNamed: boolean,
): Promise<MetAtHand> {
  const names: string[] = [];
  let matched = 0;
  let looked = 0;
  for (const entry of entries) {
    if (meets(entry)) matched += 1;
    if (isNamed && names.length < mostNamed && meets(entry)) names.push(nameOf(entry));
    looked += 1;
    if (looked % countedAtOnce === 0) await setImmediate();
  }
  return { matched, names };
}

export const notAppended: Receipt = { instances: { known: 1, acknowledged: 1 } };

const mostLogged = 20;

/** The logged form of a purge: URLs without queries (they may hold secrets), users as digests, lists cut short. */
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
