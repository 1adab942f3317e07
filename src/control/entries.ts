/**
 * `GET /entries?url=`: what is stored under a URL, as far as operators may see it.
 */

import { describeEntry, type EntryView } from '../proxy/describe-entry.ts';
import type { ProxyParts } from '../proxy/exchange.ts';
import type { RegisterRoutes } from './api.ts';
import { readUrl, tagsOfUrl } from './asked-url.ts';
import { sendProblem } from './problem-answer.ts';
import { readQuery } from './query.ts';

/** Identities of one URL may be many; more are counted, not shown. */
const mostShown = 1000;

/** The route that shows what is stored. */
export function entriesRoutes(parts: ProxyParts): RegisterRoutes {
  return (app) => {
    app.get('/entries', (request, reply) => {
      const query = readQuery(request, { one: ['url'], required: ['url'] });
      if (query.kind === 'bad') return sendProblem(reply, { status: 400, detail: query.detail });
      const url = readUrl(query.values.get('url')?.[0] ?? '', parts.site());
      if (url.kind === 'bad') return sendProblem(reply, { status: 400, detail: url.detail });
      const wanted = new Set(tagsOfUrl(url));
      const now = parts.clock.now();
      const entries: EntryView[] = [];
      let total = 0;
      for (const entry of parts.store.entries()) {
        if (!entry.tags.some((tag) => wanted.has(tag))) continue;
        total += 1;
        if (entries.length < mostShown) entries.push(describeEntry(entry, { now, purgeLog: parts.purgeLog }));
      }
      return reply.send({ total, entries });
    });
  };
}
