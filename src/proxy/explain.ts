/**
 * Why is an exchange answered as it is? Every decision, step by step, as the pipeline makes it (`dry-run.ts`).
 *
 * Promises: nothing is sent or changed; identities appear as digests, cookies and other credentials not at all.
 */

import { randomUUID } from 'node:crypto';
import type { Config } from '../config/config.ts';
import type { Fields } from '../http/message.ts';
import { normaliseTarget, targetText } from '../http/target.ts';
import { BoundedMap } from '../kit/bounded-map.ts';
import { SingleFlight } from '../kit/single-flight.ts';
import type { Clock } from '../kit/time.ts';
import { LearnedSessionMap } from '../store/learned-sessions.ts';
import { MemoryStore } from '../store/memory.ts';
import { LocalPurgeLog } from '../store/purge-log.ts';
import { urlTag } from '../policy/entry-tags.ts';
import type { VerifyJwt } from '../policy/identity.ts';
import { namesHost, readAsked } from './asked-request.ts';
import type { ClientRequest, RefusalReason } from './client-request.ts';
import { type DryRun, dryRun } from './dry-run.ts';
import type { ProxyParts } from './exchange.ts';
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
import { keyedQuery } from './keyed-exchange.ts';
import { compileSite } from './site.ts';

export type Question = {
  readonly method: string;
  /** A path with its query, or an absolute URL. */
  readonly url: string;
  /** The request's fields, and the status and fields of the origin's imagined answer. */
  readonly fields: Fields;
  readonly status: number;
  readonly responseFields: Fields;
};

export type Explanation = {
  readonly method: string;
  readonly url: string;
  /** All of it in one line. */
  readonly summary: string;
  readonly steps: readonly ExplainStep[];
};

/** `not-a-url`: the URL is neither a path nor absolute. */
export type ExplainResult =
  { readonly kind: 'explained'; readonly explanation: Explanation } | { readonly kind: 'not-a-url' };

/** Explains one exchange. With the parts of a running proxy, also what it has stored for it. */
export async function explain(parts: ProxyParts, question: Question): Promise<ExplainResult> {
  const site = parts.site();
  const { method, url, fields } = question;
  const host = site.config.listen.hosts?.find((name) => !name.startsWith('*')) ?? 'localhost';
  const asked = { method, url, fields, host };
  const first = readAsked(asked, site.config.listen);
  const stored = first.kind === 'request' && !namesHost(url) ? storedHost(parts, first.request) : undefined;
  const read = stored === undefined ? first : readAsked({ ...asked, host: stored }, site.config.listen);
  switch (read.kind) {
    case 'not-a-url':
      return read;
    case 'asterisk':
      return refused(question, { status: 204, detail: undefined });
    case 'refused':
      return refused(question, read);
    case 'request':
      return explained(question, await explainRequest(parts, question, read.request));
    default:
      return read satisfies never;
  }
}

/** A host that something is stored for at this path: what a question that names none is most likely about. */
function storedHost({ site, store }: ProxyParts, request: ClientRequest): string | undefined {
  const match = site().rules.match('GET', request.path, request);
  const wanted = urlTag(targetText(request.path, keyedQuery({ request, match })));
  for (const { tags, host } of store.entries()) if (tags.includes(wanted)) return host;
  return undefined;
}

/** An explanation as text, a line for each step. */
export function explanationLines({ method, url, summary, steps }: Explanation): string[] {
  const width = Math.max(...steps.map(({ step }) => step.length));
  return [
    `${method} ${url}`,
    ...steps.map(({ step, text }) => `  ${step.padEnd(width)}  ${text}`),
    `→ ${summary}`,
  ];
}

/** The parts of a proxy that is not running: it has stored nothing and learned nothing. */
export function offlineParts(
  config: Config,
  { clock, verifyJwt }: { clock: Clock; verifyJwt: VerifyJwt | undefined },
): ProxyParts {
  const site = compileSite(config, { learned: new LearnedSessionMap(), verifyJwt });
  const never = (): never => {
    throw new Error('nothing offline reaches the network');
  };
  return {
    site: () => site,
    store: new MemoryStore({ maxBytes: 0 }),
    purgeLog: new LocalPurgeLog(randomUUID()),
    origin: {
      send: never,
      close: () => Promise.resolve(),
      get agent() {
        return never();
      },
    },
    clock,
    flights: new SingleFlight({ maxFlights: 1, maxWaiters: 0 }),
    uncacheable: new BoundedMap(1),
    evicted: new BoundedMap(1),
    popularity: { record: () => undefined, isHigh: () => false },
    learnSession: () => undefined,
    onOutcome: () => undefined,
  };
}

type Told = { readonly summary: string; readonly steps: readonly ExplainStep[] };

const explained = ({ method, url }: Question, told: Told): ExplainResult => ({
  kind: 'explained',
  explanation: { method, url, ...told },
});

function refused(
  question: Question,
  { status, detail }: { status: number; detail: RefusalReason | undefined },
): ExplainResult {
  const bad = normaliseTarget(question.url);
  const why =
    detail === 'bad-target' && bad.kind === 'bad'
      ? `${detail} (${bad.reason})`
      : (detail ?? 'about the server as a whole');
  const facts = { status, reason: detail ?? 'asterisk' };
  const step: ExplainStep = { step: 'target', text: `answered ${status} at once: ${why}`, facts };
  return explained(question, { summary: `answered ${status}, the origin is not asked`, steps: [step] });
}

async function explainRequest(parts: ProxyParts, question: Question, request: ClientRequest): Promise<Told> {
  const now = parts.clock.now();
  const answer = { status: question.status, fields: question.responseFields };
  // Once as if nothing were stored, for what a fetch brings; once as it would be answered now.
  const first = await dryRun(parts, { request, answer, now, usesStore: false });
  const live = await dryRun(parts, { request, answer, now, usesStore: true });
  const site = parts.site();
  const match = site.rules.match(request.method, request.path, request);
  const identity = await site.identify(request, now);
  const steps: (ExplainStep | undefined)[] = [
    targetStep(question.url, request),
    routeStep(match, site.rules.matchWrite(request.method, request.path, request)),
    contentTypeStep(match),
    identityStep(identity),
    passStep(first.outcome),
    directivesStep(first.exchange),
    keyStep(first.exchange),
    entryStep(parts, first.exchange),
    answerStep(live.outcome),
    originStep(live.sent ?? first.sent),
    ...storingSteps(first, { question, now }),
    writeStep(first.purges),
  ];
  return { summary: summaryOf(live, first), steps: steps.filter((step) => step !== undefined) };
}

function summaryOf(live: DryRun, first: DryRun): string {
  const { outcome } = live;
  if (outcome.pass !== undefined) {
    const tags = live.purges.reduce((sum, purge) => sum + purge.tags.length, 0);
    return tags === 0 ? `passed: ${outcome.pass}` : `passed: ${outcome.pass}; makes ${tags} tags stale`;
  }
  if (outcome.kind === 'hit') return 'a hit: answered from the store';
  if (outcome.kind === 'refused') return `answered ${outcome.status}, the origin is not asked`;
  const { entry } = first;
  if (entry === undefined) return `forwarded, not stored: ${first.outcome.notStored ?? 'not asked for'}`;
  const { lifetime, initialAge } = entry.policy;
  return `forwarded, and stored for ${Math.floor(lifetime - initialAge)} s`;
}
