/** `GET /entries?url=`: what is stored under a URL, without bodies and with identities hashed. */

import { describeEntry, type EntryPlace, type EntryView } from '../explain/describe-entry.ts';
import type { Tag } from '../policy/rules/tags.ts';
import type { Services } from '../proxy/exchange/exchange.ts';
import { headInForce } from '../proxy/hit/lifetime-in-force.ts';
import { type EntryHead, headOf } from '../store/store.ts';
import type { RegisterRoutes } from './api.ts';
import { readUrl, tagsOfUrl } from './asked-url.ts';
import { sendProblem } from './problem-answer.ts';
import { readQuery } from './query.ts';

/** One URL may have many variants; the rest are counted, not shown. */
const mostShown = 1000;
/** How long a scan of Redis may take: its entries have no index, because a purge does not need one. */
const mostMs = 1000;

export type Listing = Pick<Services, 'site'> & {
  /** What is stored with any of these tags. */
  readonly list: (tags: readonly Tag[]) => Promise<Shown>;
};

/** The route that lists stored responses. */
export function entriesRoutes({ site, list }: Listing): RegisterRoutes {
  return (app) => {
    app.get('/entries', async (request, reply) => {
      const query = readQuery(request, { one: ['url'], required: ['url'] });
      if (query.kind === 'bad') return sendProblem(reply, { status: 400, detail: query.detail });
      const url = readUrl(query.values.get('url')?.[0] ?? '', site());
      if (url.kind === 'bad') return sendProblem(reply, { status: 400, detail: url.detail });
      return reply.send(await list(tagsOfUrl(url)));
    });
  };
}

/** `complete: false`: Redis holds more than could be scanned, or could not be asked. */
export type Shown = {
  readonly total: number;
  readonly complete: boolean;
  readonly entries: readonly EntryView[];
};

/** Lists what this process and its Redis have stored. */
export const listHere =
  (services: Services): Listing['list'] =>
  (tags) => {
    const wanted = new Set(tags);
    return storedUnder((head) => head.tags.some((tag) => wanted.has(tag)), services);
  };

/** One list of several processes'. */
export function joinLists(lists: readonly Shown[]): Shown {
  return {
    total: lists.reduce((sum, { total }) => sum + total, 0),
    complete: lists.every(({ complete }) => complete),
    entries: lists.flatMap(({ entries }) => entries).slice(0, mostShown),
  };
}

async function storedUnder(
  isWanted: (head: Pick<EntryHead, 'tags'>) => boolean,
  { store, purgeLog, clock, site }: Services,
): Promise<Shown> {
  const elsewhere = await store.census?.({ isWanted, mostMs });
  const now = clock.now();
  const { lifetimes } = site().config.accept;
  const entries: EntryView[] = [];
  let total = 0;
  const show = (head: EntryHead, place: EntryPlace): void => {
    total += 1;
    if (entries.length < mostShown) entries.push(describeEntry(head, { now, purgeLog, place, lifetimes }));
  };
  for (const subject of store.subjects()) {
    const entry = isWanted(subject) ? store.inForce(subject) : undefined;
    if (entry !== undefined) show(headOf(entry), { tier: 'memory', hits: store.uses(entry) });
  }
  for (const head of elsewhere?.found ?? []) show(headInForce(site(), head), { tier: 'redis', hits: 0 });
  return { total, complete: elsewhere?.isWhole ?? true, entries };
}
