/**
 * May this response be stored, and as what? From head to finished entry.
 *
 * Promises: what is stored is whole, without Set-Cookie, with the lifetime its rule or HTTP gives it (CONTRACT §2.1), and
 * bound to the position of the purge log from before the origin was asked.
 */

import { hash } from 'node:crypto';
import {
  effectiveDirectives,
  noResponseDirectives,
  type ResponseDirectives,
} from '../../http/cache-control.ts';
import { combinedValue, fieldLines, hasField } from '../../http/fields.ts';
import { correctedInitialAge, type Freshness, freshnessLifetime, isExplicit } from '../../http/freshness.ts';
import { formatHttpDate, parseHttpDate } from '../../http/http-date.ts';
import type { Fields } from '../../http/message.ts';
import { storedPolicy } from '../../http/reuse.ts';
import { isStream } from '../../http/stream-type.ts';
import { fieldsToStore, storable } from '../../http/storable.ts';
import { upsettingNames } from '../../http/upsetting.ts';
import { parseVary, selectedVariant, type SelectedVariant } from '../../http/vary.ts';
import { between, type Clock, type EpochMs, epochMs, type Seconds, seconds } from '../../kit/time.ts';
import { setCookieMeaning } from '../../policy/identity/set-cookie.ts';
import { hasTooManyTags } from '../../policy/rules/tags.ts';
import { heldConditions } from '../../policy/lifetime/conditions.ts';
import { originBound, windowsOf } from '../../policy/lifetime/stored-lifetime.ts';
import { ruleLifetime } from '../../policy/lifetime/ttl.ts';
import { unlessHolds } from '../../policy/lifetime/unless.ts';
import { variesOnUnkeyed } from '../../policy/key/unkeyed-fields.ts';
import type { Position } from '../../store/purge-log.ts';
import type { Entry, StoredPart } from '../../store/store.ts';
import type { NotStoredReason } from '../exchange/outcome.ts';
import type { StorageTerms } from './storage-terms.ts';
import { asDelivered } from './store-entry.ts';
import { tagsToStore } from './stored-tags.ts';

export type StoredHead = {
  readonly status: number;
  readonly fields: Fields;
  /** By the wall clock, as the dates in its fields. */
  readonly requestTime: EpochMs;
  readonly responseTime: EpochMs;
  /** How far the clock entries are measured by is ahead of it. */
  readonly aheadMs: number;
};

/** The times of a response whose head has just come; `requestTime` is by the clock. */
export function headTimes(
  clock: Clock,
  requestTime: EpochMs,
): Pick<StoredHead, 'requestTime' | 'responseTime' | 'aheadMs'> {
  const responseTime = clock.now();
  const aheadMs = clock.aheadMs?.() ?? 0;
  return {
    requestTime: epochMs(requestTime - aheadMs),
    responseTime: epochMs(responseTime - aheadMs),
    aheadMs,
  };
}

/** Whether to keep the body as it comes, decided at the head. */
export type StoragePlan =
  | { readonly kind: 'no'; readonly reason: NotStoredReason; readonly clause: string | undefined }
  | { readonly kind: 'yes'; readonly directives: ResponseDirectives; readonly freshness: Freshness };

/** A plan not to store. */
export const no = (reason: NotStoredReason, clause?: string): StoragePlan => ({ kind: 'no', reason, clause });

/** What only the body can tell (`unless` of its text, its length) is left to `makeEntry`. */
export function planStorage(terms: StorageTerms, head: StoredHead): StoragePlan {
  const { match, identity, method, request, config } = terms;
  const { contentType } = match;
  const { status, fields, responseTime } = head;
  if (method === 'HEAD') return no('head-request');
  const isRule = contentType.kind === 'rule';
  if (isRule && !contentType.statuses.has(status)) return no('status-not-listed');
  if (isStream(fields)) return no('stream');
  const meaning = setCookieMeaning(fieldLines(fields, 'set-cookie'), {
    contentType,
    identity,
    config: config.identity,
  });
  if (meaning === 'forbids') return no('set-cookie', 'RFC 9111 §7.3');
  // A purge by a tag that was left out would miss it.
  if (hasTooManyTags(fields, config.accept.tags)) return no('too-many-tags');
  const directives = directivesFor(terms, fields);
  const freshness = freshnessLifetime({ status, fields }, { directives, responseTime });
  const isOwn = isRule ? contentType.scope === 'user' : false;
  const verdict = storable({
    request: { method, target: terms.target, fields: request.fields },
    response: { status, fields },
    requestDirectives: terms.directives,
    directives,
    freshness,
    shared: !isOwn,
    partitioned: isRule,
    lifetimeByRule: isRule,
    // Parts are for `standard`: by rule a range is not sent on, so that what comes is whole.
    partial: !isRule,
    origin: `${request.scheme}://${terms.host}`,
  });
  if (verdict.kind === 'no') return no(verdict.reason, verdict.clause);
  // The client is told with the head whether it is stored, and nobody waits for what is not for them.
  const facts = { status, fields, body: undefined, bodyBytes: toldLength(fields) };
  if (isRule && unlessHolds(contentType.unless, facts) !== undefined) return no('unless');
  return { kind: 'yes', directives, freshness };
}

/** How long a body will be; in a content coding nobody can tell what it is without. */
function toldLength(fields: Fields): number | undefined {
  const told = combinedValue(fields, 'content-length');
  return told === undefined || hasField(fields, 'content-encoding') ? undefined : Number(told);
}

/** All under `obey`, nothing under `override`. */
function directivesFor({ match: { contentType }, config }: StorageTerms, fields: Fields): ResponseDirectives {
  const isOverridden = contentType.kind === 'rule' && contentType.cacheControl === 'override';
  return isOverridden ? noResponseDirectives : effectiveDirectives(fields, config.accept.lifetimes);
}

export type EntryInput = {
  readonly head: StoredHead;
  readonly plan: Extract<StoragePlan, { kind: 'yes' }>;
  readonly body: Buffer;
  readonly asOf: Position;
  readonly originSeconds: Seconds;
  readonly part?: StoredPart | undefined;
};

export type EntryResult =
  | { readonly kind: 'entry'; readonly entry: Entry }
  | { readonly kind: 'no'; readonly reason: NotStoredReason };

/** Makes the entry of a whole response, or says why there is none. */
export function makeEntry(terms: StorageTerms, input: EntryInput): EntryResult {
  const { match, plan, host, target } = terms;
  const { contentType } = match;
  const { head, body } = input;
  const { status } = head;
  if (
    contentType.kind === 'rule' &&
    unlessHolds(contentType.unless, { status, fields: head.fields, body }) !== undefined
  ) {
    return { kind: 'no', reason: 'unless' };
  }
  const selection = selectionOf(terms, head);
  if (selection === undefined) return { kind: 'no', reason: 'vary-any' };
  const { fields } = asDelivered(terms, { fields: storedFields(terms, input) });
  const { policy, basis } = lifetimeOf(terms, input, fields);
  const { aheadMs } = head;
  const isUsable =
    policy.lifetime > policy.initialAge || policy.staleWhileRevalidate > 0 || policy.staleIfError > 0;
  if (!isUsable && !hasField(fields, 'etag') && !hasField(fields, 'last-modified')) {
    return { kind: 'no', reason: 'zero-lifetime' };
  }
  const isPart = input.part !== undefined;
  const variant = variantOf(selection, isPart);
  const entry: Entry = {
    key: plan.key,
    variant,
    selection,
    status,
    fields,
    body,
    coding: undefined,
    part: input.part,
    policy: { ...policy, responseTime: epochMs(policy.responseTime + aheadMs) },
    basis,
    requestTime: epochMs(head.requestTime + aheadMs),
    responseTime: epochMs(head.responseTime + aheadMs),
    asOf: input.asOf,
    tags: tagsToStore(terms, { given: head.fields, stored: fields }),
    target,
    host,
    contentType: contentType.name,
    partition: plan.partition,
    originSeconds: input.originSeconds,
  };
  return { kind: 'entry', entry };
}

/** The name of a variant. Most keys have one: it needs no digest. */
function variantOf({ names, values }: SelectedVariant, isPart: boolean): string {
  if (names.length === 0) return isPart ? 'part' : 'only';
  return hash('sha256', JSON.stringify([names, values, isPart]), 'hex');
}

/** The origin's Vary on `standard`; by rule all it could name is in the key. */
function selectionOf(
  { match, plan }: StorageTerms,
  { status, fields }: StoredHead,
): SelectedVariant | undefined {
  const vary = parseVary(fields);
  // What no key and no variant knows cannot be told again.
  if (vary.kind === 'any' || variesOnUnkeyed(vary.names)) return undefined;
  if (match.contentType.kind !== 'standard') return noSelection;
  const selecting = plan.selectingFields();
  if (status < 400 || foundStatuses.has(status)) return selectedVariant(selecting, fields);
  // An error may be about its request, whatever Vary says: it is for requests with the same telling fields. Short ones of
  // the application's own do not count: a client may number its requests.
  const selected = selectedVariant(selecting, [...fields, 'Vary', upsettingNames(selecting).join(', ')]);
  // No coding or language is an error's choice.
  return selected && { ...selected, contentEncoding: 'error', contentLanguage: null };
}

/** No field of the request brings these errors about. */
const foundStatuses: ReadonlySet<number> = new Set([404, 410]);

const noSelection: SelectedVariant = { names: [], values: [], contentEncoding: null, contentLanguage: null };

function storedFields({ match }: StorageTerms, { head, plan, body }: EntryInput): string[] {
  const { contentType } = match;
  const fields = fieldsToStore(head.fields, plan.directives);
  // RFC 9110 §6.6.1.
  if (!hasField(fields, 'date')) fields.push('Date', formatHttpDate(head.responseTime));
  const needsTag =
    contentType.etag &&
    !hasField(fields, 'etag') &&
    !hasField(fields, 'last-modified') &&
    head.status === 200;
  if (needsTag) fields.push('ETag', `"${hash('sha256', body, 'base64url').slice(0, 27)}"`);
  return fields;
}

function lifetimeOf(
  terms: StorageTerms,
  { head, plan, body }: EntryInput,
  storedFields: Fields,
): Pick<Entry, 'policy' | 'basis'> {
  const { contentType } = terms.match;
  const { fields, requestTime, responseTime } = head;
  const { directives, freshness } = plan;
  const { lifetime } = freshness;
  const byRule = contentType.kind === 'rule' ? lifetimeByRule(terms, { head, plan, body }) : undefined;
  const given = { fields, directives, lifetime, requestTime, responseTime, ...windowsOf(contentType) };
  const policy = storedPolicy(byRule === undefined ? given : { ...given, ttl: byRule.lifetime });
  const { staleWhileRevalidate, staleIfError } = directives;
  const checked = byRule?.steps.flatMap((step) => (step.kind === 'factor' ? step.conditions : [])) ?? [];
  const basis = {
    rule: terms.lifetimeRule,
    lifetime,
    isExplicit: isExplicit(freshness),
    windows: { staleWhileRevalidate, staleIfError },
    held: heldConditions(checked, storedFields),
  };
  return { policy, basis };
}

/** The lifetime a rule gives (CONTRACT §2.1), with its steps for `explain`. */
export function lifetimeByRule(
  { match, config, request, identity, plan: { key }, isPopular }: StorageTerms,
  { head, plan, body }: Pick<EntryInput, 'head' | 'plan' | 'body'>,
): ReturnType<typeof ruleLifetime> {
  const { contentType } = match;
  const { status, fields, responseTime } = head;
  const { lifetime } = plan.freshness;
  const initialAge = correctedInitialAge(fields, head);
  const modifiedAt = parseHttpDate(combinedValue(fields, 'last-modified') ?? '', responseTime);
  return ruleLifetime({
    ttl: config.ttl,
    contentType,
    statusTtl: contentType.statuses.get(status),
    now: responseTime,
    jitterKey: key,
    facts: {
      requestFields: request.fields,
      query: request.query,
      status,
      responseFields: fields,
      bodyBytes: body.length,
      body: () => body,
      access: isPopular ? 'high' : 'low',
      claims: identity.kind === 'known' ? identity.claims : undefined,
      modifiedAt,
      originBound: originBound({ lifetime, isExplicit: isExplicit(plan.freshness), initialAge }),
    },
  });
}

/** How long an exchange with the origin took. */
export const callSeconds = (from: EpochMs, to: EpochMs): Seconds => seconds(Math.max(0, between(from, to)));
