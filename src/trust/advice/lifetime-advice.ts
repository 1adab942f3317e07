/**
 * Could the copies of a content type live longer, or must they live shorter? (pure) The goal is that at most one hit in a
 * hundred is stale.
 *
 * Promises. `longer` must hold for the route that changes most, as far as its evidence leaves room (the upper end of its rate),
 * and for the part of the day with the most changes. It allows for changes of all pages at one moment: a rate that could not have
 * been seen in the time of observation, however many pages there are, is not excluded. `shorter` needs several changes at
 * different times, of pages that are not different each time: that is noise, and no lifetime helps.
 */

import { rounded } from '../../kit/figures.ts';
import { seconds } from '../../kit/time.ts';
import { showDuration } from '../../config/reader/scalar.ts';
import type { ChangeView, LifetimeAdvice, LifetimeEvidence, RateView, ShareView } from './advice.ts';
import {
  type ChangeRate,
  changeRate,
  countOf,
  lifetimeFor,
  noneSeen,
  type Seen,
  staleShare,
} from './change-rate.ts';
import { patchYaml } from './patch-yaml.ts';
import type { RouteSeries, Series } from './change-times.ts';

/** One content type under the rules in force. `parts` are parts of the day. */
export type LifetimeQuestion = {
  readonly name: string;
  readonly ttlSeconds: number;
  readonly bounds: { readonly min: number; readonly max: number };
  readonly routes: readonly RouteSeries[];
  readonly parts: readonly { readonly name: string; readonly series: readonly Series[] }[];
  readonly livedSeconds: number;
};

/** Also where the audit begins to call stale copies frequent. */
const goal = 0.01;
const fewest = { changed: 5, same: 5, moments: 3 };
const step = { least: 1.5, most: 8 };
const daySeconds = 86_400;
/** Beyond this share of copies the origin decides, and a longer `ttl` does nothing. */
const mostBound = 0.2;

/** The advice; `undefined`: the lifetime is right, or nobody can tell. */
export function lifetimeAdvice(question: LifetimeQuestion): LifetimeAdvice | undefined {
  const { routes } = question;
  const stored = sumOf(routes, 'stored');
  if (stored === 0) return undefined;
  const lives = sumOf(routes, 'lifetimeSeconds') / stored;
  const seen = merged(routes);
  const rate = changeRate(seen);
  const isBound = sumOf(routes, 'bound') > stored * mostBound;
  const given = { question, seen, rate, lives };
  return shorter(given) ?? (isBound ? undefined : longer(given));
}

type Given = {
  readonly question: LifetimeQuestion;
  readonly seen: Seen;
  readonly rate: ChangeRate;
  /** How long copies live now, on average. */
  readonly lives: number;
};

function shorter(given: Given): LifetimeAdvice | undefined {
  const { question, seen, rate, lives } = given;
  const moments = sumOf(question.routes, 'moments');
  const isSure =
    countOf(seen.changed) >= fewest.changed && countOf(seen.same) >= fewest.same && moments >= fewest.moments;
  if (!isSure || staleShare(rate.low, lives) <= goal) return undefined;
  const share = lifetimeFor(rate.rate, goal) / lives;
  const to = Math.max(question.bounds.min, roundLifetime(question.ttlSeconds * share));
  return to * step.least > question.ttlSeconds
    ? undefined
    : adviceOf('shorter', given, { to, high: rate.high });
}

function longer(given: Given): LifetimeAdvice | undefined {
  const { question, lives } = given;
  const high = highestRate(question);
  const share = Math.min(step.most, lifetimeFor(high, goal) / lives);
  const to = roundLifetime(Math.min(question.bounds.max, question.ttlSeconds * share));
  return to < question.ttlSeconds * step.least ? undefined : adviceOf('longer', given, { to, high });
}

/** The highest rate that the evidence does not exclude. */
function highestRate({ routes, parts }: LifetimeQuestion): number {
  const ofRoutes = routes.map((route) => {
    const watched = spanOf([route]);
    return Math.max(changeRate(route.seenAtWorst()).high, watched === 0 ? Infinity : noneSeen / watched);
  });
  const ofParts = parts
    .filter(({ series }) => sumOf(series, 'moments') >= fewest.moments)
    .map(({ series }) => changeRate(merged(series)).rate);
  return Math.max(...ofRoutes, ...ofParts);
}

const niceSeconds: readonly number[] = [
  ...[1, 2, 3, 5, 10, 15, 20, 30, 45],
  ...[1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 45].map((minutes) => minutes * 60),
  ...[1, 2, 3, 4, 6, 8, 12].map((hours) => hours * 3600),
  ...[1, 2, 3, 7, 14, 30].map((days) => days * daySeconds),
];

/** The next lifetime below that people write. */
const roundLifetime = (exact: number): number => niceSeconds.findLast((nice) => nice <= exact + 0.001) ?? 1;

function adviceOf(
  kind: LifetimeAdvice['kind'],
  given: Given,
  { to, high }: { readonly to: number; readonly high: number },
): LifetimeAdvice {
  const { question } = given;
  const { name, ttlSeconds } = question;
  const [written, next] = [showDuration(seconds(ttlSeconds)), showDuration(seconds(to))];
  const sample = question.routes.find((route) => route.sample !== undefined)?.sample ?? '/';
  const patch = { op: 'set' as const, path: ['content_types', name, 'ttl'], value: next, from: written };
  return {
    id: `${kind}:${name}`,
    kind,
    type: name,
    from: written,
    to: next,
    evidence: evidenceOf(given, { to, high }),
    patch,
    yaml: patchYaml(patch),
    example: {
      name: `copies of ${name} live as long as was advised`,
      request: `GET ${sample}`,
      expect: { type: name, ttl: next },
    },
  };
}

function evidenceOf(
  { question, seen, rate, lives }: Given,
  { to, high }: { readonly to: number; readonly high: number },
): LifetimeEvidence {
  const { routes, parts, ttlSeconds, livedSeconds } = question;
  const then = (lives * to) / ttlSeconds;
  const saved = savedFetches(routes, then - lives);
  const perDay = livedSeconds === 0 ? 0 : daySeconds / livedSeconds;
  const originSeconds = sumOf(routes, 'originSeconds') / sumOf(routes, 'stored');
  return {
    intervals: countOf(seen.same) + countOf(seen.changed),
    changed: countOf(seen.changed),
    moments: sumOf(routes, 'moments'),
    observed_seconds: Math.round(spanOf(routes)),
    changes: rateView(rate),
    lifetime_seconds: Math.round(lives),
    stale_now: shareView(rate, lives),
    stale_then: shareView({ ...rate, high }, then),
    fetches_saved_per_day: Math.round(saved * perDay),
    origin_seconds_saved_per_day: rounded(saved * perDay * originSeconds, 4),
    routes: routes.map((route) => changeView(route.route, [route])).filter(({ intervals }) => intervals > 0),
    hours: parts.map(({ name, series }) => changeView(name, series)).filter(({ intervals }) => intervals > 0),
  };
}

/**
 * A copy that was fetched again after d seconds was first asked for d − L seconds after its end. With lifetimes longer by ΔL each
 * cycle takes d + ΔL, so that a share of ΔL / (d + ΔL) of the fetches is saved.
 */
function savedFetches(routes: readonly Series[], longerBy: number): number {
  const all = routes.flatMap(({ refetched }) => refetched.intervals());
  return all.reduce(
    (sum, { seconds: took, count }) => sum + (count * longerBy) / Math.max(1, took + longerBy),
    0,
  );
}

function changeView(name: string, series: readonly Series[]): ChangeView {
  const seen = merged(series);
  const changed = countOf(seen.changed);
  return { name, intervals: countOf(seen.same) + changed, changed, changes: rateView(changeRate(seen)) };
}

const rateView = ({ rate, low, high }: ChangeRate): RateView => ({
  per_day: finite(rate * daySeconds),
  interval: [rounded(low * daySeconds, 4), finite(high * daySeconds)],
});

const shareView = ({ rate, low, high }: ChangeRate, lifetime: number): ShareView => ({
  share: rounded(staleShare(rate, lifetime), 4),
  interval: [rounded(staleShare(low, lifetime), 4), rounded(staleShare(high, lifetime), 4)],
});

const finite = (value: number): number | null => (Number.isFinite(value) ? rounded(value, 4) : null);

function merged(series: readonly Series[]): Seen {
  const all = series.map((one) => one.seen());
  return { same: all.flatMap(({ same }) => same), changed: all.flatMap(({ changed }) => changed) };
}

/** From the first look to the last. */
function spanOf(series: readonly Series[]): number {
  const firsts = series.flatMap(({ firstAt }) => firstAt ?? []);
  const lasts = series.flatMap(({ lastAt }) => lastAt ?? []);
  return firsts.length === 0 ? 0 : (Math.max(...lasts) - Math.min(...firsts)) / 1000;
}

type Summed = 'stored' | 'bound' | 'lifetimeSeconds' | 'originSeconds' | 'moments';

const sumOf = (all: readonly Series[], name: Summed): number => all.reduce((sum, one) => sum + one[name], 0);
