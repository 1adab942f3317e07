/** The steps of an explanation about the response: what is stored, whether the answer may be, for how long, with which tags. */

import { combinedValue } from '../http/fields.ts';
import { isExplicit } from '../http/freshness.ts';
import { validateClauses } from '../http/reuse.ts';
import type { Fields } from '../http/message.ts';
import type { EpochMs } from '../kit/time.ts';
import { describeStep, mayNeedBody } from '../policy/lifetime/ttl.ts';
import { type Entry, headOf } from '../store/store.ts';
import { describeEntry } from './describe-entry.ts';
import type { DryRun } from './dry-run.ts';
import type { CacheExchange, Services } from '../proxy/exchange/exchange.ts';
import type { ExplainStep } from './explain-request.ts';
import { chooseVariant } from '../proxy/hit/lookup.ts';
import type { NotStoredReason } from '../proxy/exchange/outcome.ts';
import { type StorageTerms, termsOf } from '../proxy/fetch/storage-terms.ts';
import {
  headTimes,
  lifetimeByRule,
  planStorage,
  type StoragePlan,
  type StoredHead,
} from '../proxy/fetch/storing.ts';

/** The stored response, if any, and how fresh it is (RFC 9111 §4.2). */
export function entryStep(
  services: Services,
  { exchange, variants }: Pick<DryRun, 'exchange' | 'variants'>,
): ExplainStep | undefined {
  const { purgeLog, store } = services;
  if (exchange === undefined || (variants.length === 0 && store.size().entries === 0)) return undefined;
  const { plan, directives, now, request } = exchange;
  const found = chooseVariant(variants, { request, plan, directives, now, purgeLog });
  if (found.kind === 'none') {
    const { cause, purgedBy } = found;
    const others = othersAt(exchange, store);
    const why = cause === 'purged' ? `none current: purged by ${purgedBy ?? 'a purge'}` : `none: ${cause}`;
    const text = others === 0 ? why : `${why}; ${others} with other keys at this target`;
    const facts = { found: false, cause, purged_by: purgedBy, variants: variants.length, others };
    return { step: 'stored entry', text, facts };
  }
  const { entry, reuse } = found;
  const { age, ttl } = reuse;
  const sum = `lifetime ${round(entry.policy.lifetime)} s − age ${round(age)} s = ${round(ttl)} s left`;
  const clause = 'reason' in reuse ? validateClauses[reuse.reason] : undefined;
  const why =
    'reason' in reuse ? ` (${reuse.reason}; ${clause ?? ''})` : 'why' in reuse ? ` (${reuse.why})` : '';
  const purged = found.purgedBy === undefined ? '' : `; stale by a soft purge (${found.purgedBy})`;
  // The lookup for this explanation has brought it into memory.
  const place = { tier: 'memory', hits: store.uses(entry) } as const;
  const described = describeEntry(headOf(entry), {
    ...{ now, purgeLog, place },
    lifetimes: exchange.site.config.accept.lifetimes,
  });
  const sumFacts = { lifetime: round(entry.policy.lifetime), age: round(age), left: round(ttl) };
  const because = 'reason' in reuse ? reuse.reason : 'why' in reuse ? reuse.why : undefined;
  const facts = {
    found: true,
    reuse: reuse.kind,
    reason: because,
    clause,
    purged_by: found.purgedBy,
    sum: sumFacts,
    ...described,
  };
  return { step: 'stored entry', text: `${reuse.kind}${why}: ${sum}${purged}`, facts };
}

/** How many stored responses with other keys there are at this target. */
function othersAt({ host, target, plan }: CacheExchange, store: Services['store']): number {
  let count = 0;
  for (const entry of store.subjects()) {
    if (entry.host === host && entry.target === target && entry.key !== plan.key) count += 1;
  }
  return count;
}

/** Whether the assumed answer may be stored, each step of its lifetime, and its tags. */
export function storingSteps(
  { exchange, entry, outcome, body }: DryRun,
  { question, now }: { question: { readonly status: number; readonly responseFields: Fields }; now: EpochMs },
): ExplainStep[] {
  if (exchange === undefined) return entry === undefined ? [] : keptSteps(entry);
  if (outcome.kind === 'refused') return [];
  // A 304, a HEAD or the rest of a part updates the stored response; the lifetime is computed from the result.
  const isRenewal =
    entry !== undefined && (entry.status !== question.status || outcome.notStored !== undefined);
  const { status, fields } = isRenewal ? entry : { status: question.status, fields: question.responseFields };
  const head: StoredHead = { status, fields, ...headTimes(exchange.services.clock, now) };
  const terms = isRenewal ? termsOf(exchange, 'GET') : termsOf(exchange);
  const plan = planStorage(terms, head);
  const storing = storingStep(exchange, { plan, entry, reason: outcome.notStored });
  if (entry === undefined || plan.kind === 'no') return [storing];
  return [storing, ...ttlSteps(terms, { plan, head, body }), ...settleSteps(entry), tagsStep(entry)];
}

/** What `settle` makes of the lifetime. */
function settleSteps({ basis: { settle }, policy }: Entry): ExplainStep[] {
  if (settle === undefined) return [];
  const lifetime = Math.floor(policy.lifetime - policy.initialAge);
  const text = `${lifetime} s: a purge named it within the last ${settle} s (settle)`;
  return [{ step: 'ttl', text, facts: { kind: 'settle', lifetime, settle } }];
}

const tagsStep = ({ tags }: Entry): ExplainStep => ({ step: 'tags', text: tags.join(', '), facts: { tags } });

/** A POST's answer that says it is also the answer to a GET of its target. */
function keptSteps(entry: Entry): ExplainStep[] {
  const clause = 'RFC 9110 §9.3.3';
  const { lifetime } = entry.policy;
  return [
    { step: 'storing', text: `yes, for later GETs (${clause})`, facts: { stored: true, kept: true, clause } },
    { step: 'ttl', text: `${round(lifetime)} s`, facts: { kind: 'final', lifetime } },
    tagsStep(entry),
  ];
}

type Verdict = {
  readonly plan: StoragePlan;
  readonly entry: Entry | undefined;
  readonly reason: NotStoredReason | undefined;
};

function storingStep({ match, site }: CacheExchange, { plan, entry, reason }: Verdict): ExplainStep {
  if (entry === undefined) {
    const why = reason ?? (plan.kind === 'no' ? plan.reason : 'not-asked');
    const clause = plan.kind === 'no' && plan.reason === why ? plan.clause : undefined;
    const text = `no: ${why}${clause === undefined ? '' : ` (${clause})`}`;
    return { step: 'storing', text, facts: { stored: false, reason: why, clause } };
  }
  if (reason !== undefined) {
    const text = `no: ${reason}; it freshens what is stored (RFC 9111 §4.3.5)`;
    return {
      step: 'storing',
      text,
      facts: { stored: true, freshened: true, reason, clause: 'RFC 9111 §4.3.5' },
    };
  }
  const needsBody = mayNeedBody(site.config.ttl, match.contentType);
  const facts = { stored: true, clause: 'RFC 9111 §3', body_matters: needsBody };
  const text = 'yes (RFC 9111 §3: nothing forbids it)';
  return { step: 'storing', text: needsBody ? `${text}; its body may change this` : text, facts };
}

type Imagined = {
  readonly plan: Extract<StoragePlan, { kind: 'yes' }>;
  readonly head: StoredHead;
  readonly body: Buffer;
};

function ttlSteps(terms: StorageTerms, { plan, head, body }: Imagined): ExplainStep[] {
  if (terms.match.contentType.kind === 'rule') {
    const { lifetime, steps } = lifetimeByRule(terms, { head, plan, body });
    const told = steps.map((step): ExplainStep => ({
      step: 'ttl',
      text: describeStep(step),
      facts: { ...step },
    }));
    return [...told, { step: 'ttl', text: `${lifetime} s`, facts: { kind: 'final', lifetime } }];
  }
  const { lifetime, source } = plan.freshness;
  const age = Number(combinedValue(head.fields, 'age') ?? 0);
  const explicit = isExplicit(plan.freshness) ? 'explicit' : 'not explicit';
  const text = `${round(lifetime)} s from ${source} (${explicit}, RFC 9111 §4.2.1)${age > 0 ? `, Age ${age} s counts against it` : ''}`;
  return [{ step: 'ttl', text, facts: { kind: 'http', lifetime, source, age } }];
}

const round = (value: number): number => Math.round(value * 10) / 10;
