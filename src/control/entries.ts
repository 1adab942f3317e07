/**
 * `GET /entries`: what is stored under a URL or a prefix, with a tag or of a content type, without bodies and with identities
 * hashed. Secrets in URLs that the caller did not name are masked.
 */

import { describeEntry, type EntryPlace, type EntryView } from '../explain/describe-entry.ts';
import { typeTag } from '../policy/rules/entry-tags.ts';
import { toTag } from '../policy/rules/tags.ts';
import type { Services, Site } from '../proxy/exchange/exchange.ts';
import { headInForce } from '../proxy/hit/lifetime-in-force.ts';
import { matcherOf, type Purge } from '../store/purge-log.ts';
import { type EntryHead, headOf, nameOf } from '../store/store.ts';
import { maskTarget } from '../watch/count/mask-target.ts';
import type { RegisterRoutes } from './api.ts';
import { readPrefix, readUrl, tagsOfUrl } from './asked-url.ts';
import { type Bad, bad } from './json-body.ts';
import { sendProblem } from './problem-answer.ts';
import { readQuery } from './query.ts';

/** The rest are counted, not shown. */
const mostShown = 1000;
/** Of more copies it is not told which they are, so that they may be listed twice. */
const mostNamed = 20_000;
/** How long a scan of Redis may take: its entries have no index, because a purge does not need one. */
const mostMs = 1000;

/** What a purge of the same would match. */
export type Sought = Pick<Purge, 'tags' | 'prefixes'>;

export type Listing = Pick<Services, 'site'> & { readonly list: (sought: Sought) => Promise<Shown> };

const selectors = ['url', 'prefix', 'tag', 'type'] as const;

/** The route that lists stored responses. */
export function entriesRoutes({ site, list }: Listing): RegisterRoutes {
  return (app) => {
    app.get('/entries', async (request, reply) => {
      const query = readQuery(request, { one: selectors, required: [] });
      if (query.kind === 'bad') return sendProblem(reply, { status: 400, detail: query.detail });
      const read = readSought(query.values, site());
      if (read.kind === 'bad') return sendProblem(reply, { status: 400, detail: read.detail });
      const shown = await list(read.sought);
      return reply.send(query.values.has('url') ? shown : masked(shown));
    });
  };
}

type ReadSought = { readonly kind: 'sought'; readonly sought: Sought } | Bad;

function readSought(values: ReadonlyMap<string, readonly string[]>, site: Site): ReadSought {
  const [name, text = ''] = [...values].map(([key, [value]]) => [key, value] as const)[0] ?? [];
  if (values.size !== 1 || text === '') return bad(`give one of ${selectors.join(', ')}`);
  if (name === 'tag') return found({ tags: [toTag(text)], prefixes: [] });
  if (name === 'type') return found({ tags: [typeTag(text)], prefixes: [] });
  if (name === 'url') {
    const url = readUrl(text, site);
    return url.kind === 'bad' ? url : found({ tags: tagsOfUrl(url), prefixes: [] });
  }
  const read = readPrefix(text, site);
  return read.kind === 'bad' ? read : found({ tags: [], prefixes: [read.prefix] });
}

const found = (sought: Sought): ReadSought => ({ kind: 'sought', sought });

const masked = ({ entries, ...rest }: Shown): Shown => ({
  ...rest,
  entries: entries.map(({ target, tags, ...entry }) => ({
    ...entry,
    target: maskTarget(target),
    tags: tags.map(maskTarget),
  })),
});

/** `complete: false`: Redis holds more than could be scanned, or could not be asked. */
export type Shown = {
  readonly total: number;
  readonly complete: boolean;
  readonly entries: readonly EntryView[];
};

/** A list of what memory has, with the names of these copies. */
export type ShownAtHand = Shown & { readonly names: readonly string[] };

/** Lists what this process and its Redis have stored. */
export const listHere =
  (services: Services): Listing['list'] =>
  async (sought) => {
    const elsewhere = await listElsewhere(services, sought, []);
    return joinLists([listAtHand(services, sought), elsewhere]);
  };

/** One list of several. */
export function joinLists(lists: readonly Shown[]): Shown {
  return {
    total: lists.reduce((sum, { total }) => sum + total, 0),
    complete: lists.every(({ complete }) => complete),
    entries: lists.flatMap(({ entries }) => entries).slice(0, mostShown),
  };
}

/** Lists what this process has in memory, and names it if Redis may have the same. */
export function listAtHand(services: Services, sought: Sought): ShownAtHand {
  const { store } = services;
  const isNamed = store.census !== undefined;
  const isWanted = matcherOf({ ...sought, everything: false });
  const entries: EntryView[] = [];
  const names: string[] = [];
  let total = 0;
  for (const subject of store.subjects()) {
    if (!isWanted(subject)) continue;
    if (isNamed && names.length < mostNamed) names.push(nameOf(subject));
    // To unpack each of a million entries would hold up everything else.
    const entry = entries.length < mostShown ? store.inForce(subject) : undefined;
    if (entry !== undefined)
      entries.push(describe(services, headOf(entry), { tier: 'memory', hits: store.uses(entry) }));
    if (entry !== undefined || entries.length >= mostShown) total += 1;
  }
  return { total, complete: true, entries, names };
}

/** Lists what only Redis has, but for the copies that are known already. */
export async function listElsewhere(
  services: Services,
  sought: Sought,
  known: readonly string[],
): Promise<Shown> {
  const isWanted = matcherOf({ ...sought, everything: false });
  const census = await services.store.census?.({ isWanted, mostMs });
  const names = new Set(known);
  const found = census?.found.filter((head) => !names.has(nameOf(head))) ?? [];
  const site = services.site();
  return {
    total: found.length,
    complete: census?.isWhole ?? true,
    entries: found
      .slice(0, mostShown)
      .map((head) => describe(services, headInForce(site, head), { tier: 'redis', hits: 0 })),
  };
}

function describe({ purgeLog, clock, site }: Services, head: EntryHead, place: EntryPlace): EntryView {
  const { lifetimes } = site().config.accept;
  return describeEntry(head, { now: clock.now(), purgeLog, place, lifetimes });
}
