/**
 * Fetches what clients will request before they do (CONTRACT §2 `warm`, §3 `POST /warm`).
 *
 * Promises: only paths of the configured origin, without following redirects. Only public and shareable responses. The
 * hottest and costliest first. One warm-up at a time, all of it through the governor.
 */

import { defaults } from '../config/config.ts';
import { combinedValue } from '../http/fields.ts';
import { type Seconds, seconds } from '../kit/time.ts';
import { askAhead, type AskEnd, type Asking } from './ask-ahead.ts';
import { type Demand, type Wanted, worthOf } from './demand.ts';
import { sitemapPages } from './fetch-sitemap.ts';
import type { RequestForm } from './request-form.ts';
import { siteAddresses } from './site-addresses.ts';

/** What to warm: paths, the path of a sitemap, and the number of most requested paths. */
export type WarmRequest = {
  readonly urls: readonly string[];
  readonly sitemap?: string | undefined;
  readonly popular: number;
};

export type WarmProgress = {
  readonly total: number;
  readonly asked: number;
  readonly warmed: number;
  readonly fresh: number;
  readonly refused: number;
  readonly failed: number;
};

export type WarmSummary = Omit<WarmProgress, 'total'> & { readonly took: Seconds };

export type WarmOptions = {
  readonly onProgress?: ((progress: WarmProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** Warms up and returns a summary; `busy`: a warm-up is under way. */
export type Warm = (request: WarmRequest, options?: WarmOptions) => Promise<WarmSummary | 'busy'>;

type Candidate = {
  readonly form: RequestForm;
  readonly worth: number;
  readonly isGuess: boolean;
};

type Counts = { -readonly [Name in keyof WarmProgress]: WarmProgress[Name] };

const asPage = ['Accept', 'text/html'];
const asData = ['Accept', '*/*'];

/** How many jobs wait per place of the governor: enough for it to choose, not enough to crowd out others. */
const waitingForPlace = 2;

/** Creates the function that warms up. */
export function createWarm(asking: Asking, demand: Demand): Warm {
  let isBusy = false;
  return async (request, options = {}) => {
    if (isBusy) return 'busy';
    isBusy = true;
    try {
      return await warmUp({ asking, demand, request, options });
    } finally {
      isBusy = false;
    }
  };
}

type Run = {
  readonly asking: Asking;
  readonly demand: Demand;
  readonly request: WarmRequest;
  readonly options: WarmOptions;
};

async function warmUp(run: Run): Promise<WarmSummary> {
  const { clock } = run.asking.services();
  const startedMs = clock.monotonicMs();
  const counts: Counts = { total: 0, asked: 0, warmed: 0, fresh: 0, refused: 0, failed: 0 };
  const candidates = await candidatesOf(run, counts);
  counts.total += candidates.length;
  const places = (run.asking.services().site().config.warm ?? defaults.warm).concurrency * waitingForPlace;
  const next = candidates.values();
  await Promise.all(Array.from({ length: places }, () => work(run, next, counts)));
  const { total: _, ...rest } = counts;
  return { ...rest, took: seconds((clock.monotonicMs() - startedMs) / 1000) };
}

/** What to fetch, the most worthwhile first; equals in the order given. */
async function candidatesOf({ asking, demand, request }: Run, counts: Counts): Promise<readonly Candidate[]> {
  const services = asking.services();
  const { config, originHost } = services.site();
  const wanted = demand.hottest(Number.MAX_SAFE_INTEGER);
  const addresses = siteAddresses(config, originHost, wanted);
  const paths = [...request.urls];
  if (request.sitemap !== undefined) {
    const { pages, skipped, failed } = await sitemapPages({ services, addresses }, request.sitemap);
    paths.push(...pages);
    for (const name of ['total', 'asked'] as const) counts[name] += skipped + failed;
    counts.refused += skipped;
    counts.failed += failed;
  }
  const byTarget = Map.groupBy(wanted, ({ form }) => form.target);
  const candidates = new Map<string, Candidate>();
  const known = (one: Wanted): void => {
    candidates.set(one.name, { form: one.form, worth: worthOf(one), isGuess: false });
  };
  wanted.slice(0, request.popular).forEach(known);
  for (const target of new Set(paths)) {
    const asked = byTarget.get(target);
    if (asked !== undefined) asked.forEach(known);
    else {
      for (const address of addresses) {
        const form = { ...address, target, fields: asPage };
        candidates.set(`${address.scheme}://${address.host}${target}`, { form, worth: 0, isGuess: true });
      }
    }
  }
  return [...candidates.values()].sort((one, other) => other.worth - one.worth);
}

async function work(run: Run, next: Iterator<Candidate>, counts: Counts): Promise<void> {
  const { onProgress, signal } = run.options;
  for (;;) {
    if (signal?.aborted === true) return;
    const candidate = next.next();
    if (candidate.done === true) return;
    const end = await warmOne(run.asking, candidate.value);
    counts.asked += 1;
    counts[countOf(end)] += 1;
    onProgress?.({ ...counts });
  }
}

/** Requests a path that turns out not to be a page once more, as scripts do. */
async function warmOne(asking: Asking, { form, worth, isGuess }: Candidate): Promise<AskEnd> {
  const options = { worth, isYoung: () => true };
  const end = await askAhead(asking, { ...form, isPersonal: false }, options);
  if (!isGuess || end.kind !== 'fetched') return end;
  const isPage = /^(?:text\/html|application\/xhtml\+xml)\b/i.test(
    combinedValue(end.entry.fields, 'content-type') ?? '',
  );
  if (isPage) return end;
  const again = await askAhead(asking, { ...form, fields: asData, isPersonal: false }, options);
  // If Accept makes no difference, it is the same entry.
  return again.kind === 'fresh' ? end : again;
}

function countOf({ kind }: AskEnd): 'warmed' | 'fresh' | 'refused' | 'failed' {
  switch (kind) {
    case 'fetched':
      return 'warmed';
    case 'fresh':
    case 'refused':
      return kind;
    case 'failed':
    case 'dropped':
    case 'error':
      return 'failed';
    default:
      return kind satisfies never;
  }
}
