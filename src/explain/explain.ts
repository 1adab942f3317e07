/**
 * Explains how an exchange is answered: every decision, step by step, as the pipeline makes it (`dry-run.ts`).
 *
 * Promises: nothing is sent or changed. Identities appear as digests; credentials never appear.
 */

import { randomUUID } from 'node:crypto';
import type { Config } from '../config/config.ts';
import type { Fields } from '../http/message.ts';
import { targetText } from '../http/path-spelling.ts';
import { normaliseTarget } from '../http/target.ts';
import { BoundedMap } from '../kit/bounded-map.ts';
import { tableLines } from '../kit/table.ts';
import { SingleFlight } from '../kit/single-flight.ts';
import type { Clock } from '../kit/time.ts';
import { OriginHealth } from '../origin/origin-health.ts';
import { LearnedSessionMap } from '../store/learned-sessions.ts';
import { MemoryStore } from '../store/memory.ts';
import { LocalPurgeLog } from '../store/purge-log.ts';
import { urlTag } from '../policy/rules/entry-tags.ts';
import type { VerifyJwt } from '../policy/identity/identity.ts';
import { createPopularity } from '../policy/lifetime/popularity.ts';
import { openBodies } from '../proxy/fetch/open-bodies.ts';
import { namesHost, readAsked } from '../proxy/exchange/asked-request.ts';
import type { ClientRequest, RefusalReason } from '../proxy/exchange/client-request.ts';
import { decidedWrites } from './decided-writes.ts';
import { type DryRun, dryRun } from './dry-run.ts';
import type { Services } from '../proxy/exchange/exchange.ts';
import {
  answerStep,
  contentTypeStep,
  directivesStep,
  type ExplainStep,
  identityStep,
  keyStep,
  originStep,
  passStep,
  routeStep,
  targetStep,
  writeStep,
} from './explain-request.ts';
import { entryStep, storingSteps } from './explain-storing.ts';
import { keyedQuery } from '../proxy/exchange/keyed-exchange.ts';
import type { NotStoredReason, PassReason } from '../proxy/exchange/outcome.ts';
import { withAnyQuery } from '../proxy/exchange/shared-query.ts';
import { compileSite } from '../proxy/exchange/site.ts';

export type Question = {
  readonly method: string;
  readonly url: string;
  readonly fields: Fields;
  /** The request's body. Absent: unknown. */
  readonly body?: string | undefined;
  readonly status: number;
  readonly responseFields: Fields;
  readonly responseBody?: string | undefined;
};

/** The result. `stored_for` is in seconds, negative for a stale answer kept for its validator. */
export type Verdict =
  | { readonly kind: 'hit' }
  | { readonly kind: 'refused'; readonly status: number }
  | {
      readonly kind: 'passed';
      readonly reason: PassReason;
      readonly stale_tags: number;
      readonly stored_for: number | undefined;
    }
  /** With both, the answer was not stored but freshened the stored response. */
  | {
      readonly kind: 'forwarded';
      readonly stored_for: number | undefined;
      readonly reason: NotStoredReason | undefined;
    };

export type Explanation = {
  readonly method: string;
  readonly url: string;
  readonly verdict: Verdict;
  readonly summary: string;
  readonly steps: readonly ExplainStep[];
};

/** `not-a-url`: the URL is neither a path nor absolute. */
export type ExplainResult =
  { readonly kind: 'explained'; readonly explanation: Explanation } | { readonly kind: 'not-a-url' };

/** Explains one exchange. With the services of a running proxy, also what it has stored for it. */
export async function explain(services: Services, question: Question): Promise<ExplainResult> {
  const site = services.site();
  const { method, url, fields } = question;
  const host = site.config.listen.hosts?.find((name) => !name.startsWith('*')) ?? 'localhost';
  const asked = { method, url, fields, host };
  const first = readAsked(asked, site.config.listen);
  const stored =
    first.kind === 'request' && !namesHost(url) ? storedHost(services, first.request) : undefined;
  const read = stored === undefined ? first : readAsked({ ...asked, host: stored }, site.config.listen);
  switch (read.kind) {
    case 'not-a-url':
      return read;
    case 'asterisk':
      return refused(question, { status: 204, detail: undefined });
    case 'refused':
      return refused(question, read);
    case 'request':
      return explained(question, await explainRequest(services, question, read.request));
    default:
      return read satisfies never;
  }
}

/** A host for which something is stored at this path: the likely one when the URL names none. */
function storedHost({ site, store }: Services, request: ClientRequest): string | undefined {
  const match = site().rules.match('GET', request.path, request);
  const target = targetText(request.path, keyedQuery({ request, match }));
  const wanted = withAnyQuery([target], site().config).map(urlTag);
  for (const { tags, host } of store.subjects()) if (wanted.some((tag) => tags.includes(tag))) return host;
  return undefined;
}

/** An explanation as text, one line per step. */
export function explanationLines({ method, url, summary, steps }: Explanation): string[] {
  return [
    `${method} ${url}`,
    ...tableLines(steps.map(({ step, text }) => [`  ${step}`, text])),
    `→ ${summary}`,
  ];
}

/** The services of a proxy that is not running: nothing stored, nothing learned. */
export function offlineServices(
  config: Config,
  { clock, verifyJwt }: { clock: Clock; verifyJwt: VerifyJwt | undefined },
): Services {
  const site = compileSite(config, { learned: new LearnedSessionMap(), verifyJwt });
  const store = new MemoryStore({ maxBytes: 0 });
  const never = (): never => {
    throw new Error('an offline explanation must not reach the network');
  };
  return {
    site: () => site,
    store,
    ...openBodies(store),
    later: () => () => undefined,
    purgeLog: new LocalPurgeLog(randomUUID()),
    origin: {
      send: never,
      forward: never,
      close: () => Promise.resolve(),
      health: new OriginHealth(),
    },
    clock,
    flights: new SingleFlight({ maxFlights: 1, maxWaiters: 0 }),
    uncacheable: new BoundedMap(1),
    evicted: new BoundedMap(1),
    popularity: createPopularity(config.ttl.popular),
    learnSession: () => undefined,
    onOutcome: () => undefined,
  };
}

type Told = { readonly verdict: Verdict; readonly steps: readonly ExplainStep[] };

const explained = ({ method, url }: Question, { verdict, steps }: Told): ExplainResult => ({
  kind: 'explained',
  explanation: { method, url, verdict, summary: summaryOf(verdict), steps },
});

function refused(
  question: Question,
  { status, detail }: { status: number; detail: RefusalReason | undefined },
): ExplainResult {
  const bad = normaliseTarget(question.url);
  const target = detail === 'bad-target' && bad.kind === 'bad' ? bad.reason : undefined;
  const facts = { status, reason: detail ?? 'asterisk', target_fault: target };
  const fault = target === undefined ? '' : ` (${target})`;
  const why = detail === undefined ? 'about the server as a whole' : `${detail}${fault}`;
  const step: ExplainStep = { step: 'target', text: `answered ${status} at once: ${why}`, facts };
  return explained(question, { verdict: { kind: 'refused', status }, steps: [step] });
}

async function explainRequest(services: Services, question: Question, request: ClientRequest): Promise<Told> {
  const now = services.clock.now();
  const { status, responseFields, responseBody, body } = question;
  const answered = responseBody === undefined ? {} : { body: Buffer.from(responseBody) };
  const answer = { status, fields: responseFields, ...answered };
  const requestBody = body === undefined ? undefined : Buffer.from(body);
  const asked = { request, requestBody, answer, now };
  // Once with an empty store, for what a fetch brings; once as it would be answered now.
  const first = await dryRun(services, { ...asked, usesStore: false });
  const live = await dryRun(services, { ...asked, usesStore: true });
  const site = services.site();
  const match = site.rules.match(request.method, request.path, request);
  const identity = await site.identify(request, now);
  const steps: (ExplainStep | undefined)[] = [
    targetStep(question.url, request),
    routeStep(match, await decidedWrites(services, asked)),
    contentTypeStep(match),
    identityStep(identity),
    passStep(live.outcome),
    directivesStep(live.exchange),
    keyStep(live.exchange),
    entryStep(services, live),
    answerStep(live),
    originStep(live.sent, { isBehind: live.outcome.kind === 'hit', otherwise: first.sent }),
    // What is asked of the origin now; for a hit, what would be asked if nothing were stored.
    ...storingSteps(live.outcome.kind === 'hit' ? first : live, { question, now }),
    writeStep(live.purges),
  ];
  return { verdict: verdictOf(live), steps: steps.filter((step) => step !== undefined) };
}

function verdictOf({ outcome, entry, purges }: DryRun): Verdict {
  const storedFor = entry && Math.floor(entry.policy.lifetime - entry.policy.initialAge);
  if (outcome.pass !== undefined) {
    const staleTags = purges.reduce((sum, { tags }) => sum + tags.length, 0);
    return { kind: 'passed', reason: outcome.pass, stale_tags: staleTags, stored_for: storedFor };
  }
  if (outcome.kind === 'hit') return { kind: 'hit' };
  if (outcome.kind === 'refused') return { kind: 'refused', status: outcome.status };
  return { kind: 'forwarded', stored_for: storedFor, reason: outcome.notStored };
}

function summaryOf(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'passed': {
      const { reason, stale_tags, stored_for } = verdict;
      const stale = stale_tags === 0 ? '' : `; makes ${stale_tags} tags stale`;
      return `passed: ${reason}${stale}${stored_for === undefined ? '' : `; stored for ${stored_for} s`}`;
    }
    case 'hit':
      return 'a hit: answered from the store';
    case 'refused':
      return `answered ${verdict.status}, the origin is not asked`;
    case 'forwarded': {
      const { reason, stored_for } = verdict;
      if (stored_for === undefined) return `forwarded, not stored: ${reason ?? 'not asked for'}`;
      return reason === undefined
        ? `forwarded, and stored for ${stored_for} s`
        : `forwarded, not stored: ${reason}; the stored response is freshened, for ${stored_for} s`;
    }
    default:
      return verdict satisfies never;
  }
}
