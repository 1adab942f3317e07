/**
 * What an access log alone can show: which pages people ask for, and which writes there are. Who got what it does not, so pages
 * are kept for a moment, as HTTP allows, for each person, and every write ends all of them.
 */

import { type Exchange, isWrite } from './page-history.ts';
import { isOdd, type PatternOf } from './path-templates.ts';
import type { TrafficRecord } from './traffic-record.ts';

export type CautiousPage = {
  readonly pattern: string;
  readonly requests: number;
  /** What the app said when it was asked, without a session. */
  readonly said: 'not asked' | 'may be stored' | 'must not be stored' | 'another page each time';
};

export type Cautious = {
  readonly pages: readonly CautiousPage[];
  /** Patterns of GETs that sound like actions. */
  readonly avoided: readonly string[];
  readonly writes: readonly { readonly method: string; readonly pattern: string; readonly count: number }[];
};

/** The name of the type of all pages that are kept, and of their tag. */
export const loggedPage = 'logged_page';

/** Whether a page gets that type; assets keep to what the app says of them. */
export const isKept = ({ pattern, said }: Pick<CautiousPage, 'pattern' | 'said'>): boolean =>
  said !== 'another page each time' && !pattern.endsWith('*');

const fewestRequests = 10;
const mostPages = 60;
/** Asked for by others without harm. */
const acts =
  /log-?out|sign-?out|delete|remove|unsubscribe|confirm|verify|activate|reset|token|approve|cancel/i;

/** `asked`: the app's answers to our own requests. */
export function cautiousRules(
  logged: readonly TrafficRecord[],
  { asked, patternOf }: { readonly asked: readonly Exchange[]; readonly patternOf: PatternOf },
): Cautious {
  const answers = Map.groupBy(asked, ({ target }) => patternOf(target));
  const all = new Set(logged.filter(({ method }) => method === 'GET').map(({ target }) => patternOf(target)));
  const pages = askable(logged, patternOf).map(({ pattern, requests }) => ({
    ...{ pattern, requests },
    said: saidBy(answers.get(pattern) ?? []),
  }));
  const writes = Map.groupBy(
    logged.filter((one) => isWrite(one) && one.status < 400),
    ({ method, target }) => `${method} ${patternOf(target)}`,
  );
  return {
    pages,
    avoided: [...all].filter((pattern) => acts.test(pattern)),
    writes: [...writes].map(([name, { length }]) => {
      const [method = '', pattern = ''] = name.split(' ');
      return { method, pattern, count: length };
    }),
  };
}

/** The pages worth a rule, each with a target to ask for: those asked for most come first. */
export function askable(
  logged: readonly TrafficRecord[],
  patternOf: PatternOf,
): readonly { readonly pattern: string; readonly requests: number; readonly target: string }[] {
  const good = logged.filter(
    ({ method, status, target }) => method === 'GET' && status === 200 && !acts.test(target),
  );
  return [...Map.groupBy(good, ({ target }) => patternOf(target))]
    .map(([pattern, group]) => ({ pattern, requests: group.length, target: group[0]?.target ?? '/' }))
    .filter(
      ({ pattern, requests, target }) =>
        requests >= fewestRequests && !isOdd(pattern) && !target.includes('…'),
    )
    .sort((one, other) => other.requests - one.requests)
    .slice(0, mostPages);
}

function saidBy(answers: readonly Exchange[]): CautiousPage['said'] {
  const [first, ...rest] = answers;
  if (first === undefined) return 'not asked';
  if (rest.some(({ seen }) => seen.body !== first.seen.body)) return 'another page each time';
  return /no-store|private/i.test(first.seen.cacheControl) ? 'must not be stored' : 'may be stored';
}
