/**
 * The steps of an explanation that speak of the response: what is stored, whether it may be, for how long, under which tags.
 */

import { combinedValue } from '../http/fields.ts';
import { isExplicit } from '../http/freshness.ts';
import { validateClauses } from '../http/reuse.ts';
import type { EpochMs } from '../kit/time.ts';
import { describeStep, mayNeedBody } from '../policy/ttl.ts';
import type { Entry } from '../store/store.ts';
import { describeEntry } from './describe-entry.ts';
import type { DryRun } from './dry-run.ts';
import type { CacheExchange, ProxyParts } from './exchange.ts';
import type { ExplainStep } from './explain-request.ts';
import { chooseVariant } from './lookup.ts';
import { lifetimeByRule, planStorage, type StoragePlan, type StoredHead } from './storing.ts';

/** What the store has for the exchange, and the arithmetic of its freshness (RFC 9111 §4.2). */
export function entryStep(parts: ProxyParts, exchange: CacheExchange | undefined): ExplainStep | undefined {
  if (exchange === undefined || parts.store.size().entries === 0) return undefined;
  const { plan, directives, now, request } = exchange;
  const { purgeLog, store } = parts;
  const ofTarget = [...store.entries()].filter(
    ({ host, target }) => host === exchange.host && target === exchange.target,
  );
  const variants = ofTarget.filter(({ key }) => key === plan.key);
  const found = chooseVariant(variants, { request, plan, directives, now, purgeLog });
  if (found.kind === 'none') {
    const { cause, purgedBy } = found;
    const others = ofTarget.length - variants.length;
    const why =
      cause === 'purged' ? `none that is current: purged by ${purgedBy ?? 'a purge'}` : `none: ${cause}`;
    const text = others === 0 ? why : `${why}; ${others} of others at this target`;
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
  const facts = { found: true, reuse: reuse.kind, clause, ...describeEntry(entry, { now, purgeLog }) };
  return { step: 'stored entry', text: `${reuse.kind}${why}: ${sum}${purged}`, facts };
}

/** Whether the imagined answer may be stored, each step of its lifetime, and its tags. */
export function storingSteps(
  { exchange, entry, outcome, body }: DryRun,
  {
    question,
    now,
  }: { question: { readonly status: number; readonly responseFields: readonly string[] }; now: EpochMs },
): ExplainStep[] {
  if (exchange === undefined) return [];
  const head: StoredHead = {
    status: question.status,
    fields: question.responseFields,
    requestTime: now,
    responseTime: now,
  };
  const plan = planStorage(exchange, head);
  const storing = storingStep(exchange, { plan, entry, reason: outcome.notStored });
  if (plan.kind === 'no') return [storing];
  const steps = [storing, ...ttlSteps(exchange, { plan, head, body })];
  return entry === undefined
    ? steps
    : [...steps, { step: 'tags', text: entry.tags.join(', '), facts: { tags: entry.tags } }];
}

function storingStep(
  { match, site }: CacheExchange,
  {
    plan,
    entry,
    reason,
  }: { plan: StoragePlan; entry: Entry | undefined; reason: DryRun['outcome']['notStored'] },
): ExplainStep {
  if (plan.kind === 'no' || entry === undefined) {
    const why = plan.kind === 'no' ? plan.reason : (reason ?? 'not-asked');
    const clause = plan.kind === 'no' ? plan.clause : undefined;
    const text = `no: ${why}${clause === undefined ? '' : ` (${clause})`}`;
    return { step: 'storing', text, facts: { stored: false, reason: why, clause } };
  }
  const needsBody = mayNeedBody(site.config.ttl, match.contentType);
  const facts = { stored: true, clause: 'RFC 9111 §3', body_matters: needsBody };
  const text = 'yes (RFC 9111 §3: nothing forbids it)';
  return { step: 'storing', text: needsBody ? `${text}; what its body says may change this` : text, facts };
}

type Imagined = {
  readonly plan: Extract<StoragePlan, { kind: 'yes' }>;
  readonly head: StoredHead;
  readonly body: Buffer;
};

function ttlSteps(exchange: CacheExchange, { plan, head, body }: Imagined): ExplainStep[] {
  if (exchange.match.contentType.kind === 'rule') {
    const { lifetime, steps } = lifetimeByRule(exchange, { head, plan, body });
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
  return [{ step: 'ttl', text, facts: { kind: 'http', lifetime, source } }];
}

const round = (value: number): number => Math.round(value * 10) / 10;
