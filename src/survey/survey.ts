/** From what a record shows to the draft of a rules file. */

import { type Cautious, cautiousRules } from './cautious.ts';
import { cookieRoles } from './cookie-roles.ts';
import { type Draft, draftRules } from './draft.ts';
import { type Exchange, pageHistory, personOf } from './page-history.ts';
import { learnPatterns, pathOf, type PatternOf } from './path-templates.ts';
import { mayTake } from './route-order.ts';
import type { TrafficRecord } from './traffic-record.ts';

/** The patterns of all targets that were recorded. */
export const patternsOf = (records: readonly TrafficRecord[]): PatternOf =>
  learnPatterns(records.map(({ target }) => target));

/** Surveys the records, in any order; `asked`: what the app answered to our own requests. */
export function survey(all: readonly TrafficRecord[], asked: readonly Exchange[]): Draft {
  // Rules are compared with paths that have no dot segments.
  const records = all.filter(({ target }) => !/\/\.\.?(?:\/|$)/.test(pathOf(target)));
  const exchanges = records.filter(hasSeen).toSorted((one, other) => one.at - other.at);
  const patternOf = patternsOf(records);
  const looks = [...exchanges, ...asked].map(({ seen }) => seen);
  const roles = cookieRoles(looks, new Set(looks.flatMap(({ sets }) => Object.keys(sets))));
  const history = pageHistory(exchanges, { roles, patternOf });
  const people = new Set(exchanges.map((exchange) => personOf(exchange, roles))).size;
  const logged = records.filter((record) => !hasSeen(record));
  const draft = draftRules({ exchanges, roles, patternOf, history, people });
  const cautious = beside(draft, cautiousRules(logged, { asked, patternOf }));
  const seldom = draft.seldom.filter(
    ({ pattern }) => !cautious.pages.some((page) => page.pattern === pattern),
  );
  return { ...draft, seldom, cautious, exchanges: records.length };
}

/** What an access log adds to what was recorded: the record knows better. */
function beside(
  { types, passed, writes, acting }: Omit<Draft, 'cautious' | 'exchanges'>,
  cautious: Cautious,
): Cautious {
  const known = new Set([...types, ...passed].map(({ pattern }) => pattern));
  const written = new Set(writes.map(({ kind }) => `${kind.method} ${kind.pattern}`));
  return {
    pages: cautious.pages.filter(
      ({ pattern }) => !known.has(pattern) && !acting.some((wide) => mayTake(wide, pattern)),
    ),
    avoided: cautious.avoided.filter((pattern) => !known.has(pattern)),
    writes: cautious.writes.filter(({ method, pattern }) => !written.has(`${method} ${pattern}`)),
  };
}

const hasSeen = (record: TrafficRecord): record is Exchange => record.seen !== undefined;
