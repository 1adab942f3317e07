/**
 * What a passing request made stale, ended before its answer is released (CONTRACT §2.2, DESIGN §4).
 *
 * Promise: whoever sees the answer of a write finds nothing stored from before it on this instance.
 */

import { fieldLines, hasField } from '../../http/fields.ts';
import { invalidatedGroups } from '../../http/groups.ts';
import { type LiteSpeedPurge, liteSpeedPurges } from '../../http/litespeed-purge.ts';
import { invalidationTargets, isUnsafeMethod } from '../../http/invalidation.ts';
import { targetReadings } from '../../http/path-readings.ts';
import { targetText } from '../../http/path-spelling.ts';
import { normaliseTarget } from '../../http/target.ts';
import {
  groupTag,
  hostUrlTag,
  partitionTag,
  ruleUrlTag,
  standardUrlTag,
  userOf,
  userTag,
} from '../../policy/rules/entry-tags.ts';
import { parseSetCookie } from '../../http/cookies.ts';
import { decodeBytes } from '../../policy/key/query-values.ts';
import { createDecide, type ExchangeFacts } from '../../policy/rules/exchange-conditions.ts';
import { type Tag, toTag } from '../../policy/rules/tags.ts';
import { type WriteEffect, type WriteOutcome, writeEffect } from '../../policy/rules/writes.ts';
import type { Purge } from '../../store/purge-log.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { spellingsOf } from '../exchange/keyed-exchange.ts';
import { endPassed } from '../fetch/replace-older.ts';
import { originHostOf, overridesMethod } from '../exchange/upstream-fields.ts';

/**
 * Ends what the request made stale; resolves when its answer may be released. `body`: the request's; undefined where it was
 * not read, or not to its end.
 */
export async function endStale(exchange: Exchange, outcome: WriteOutcome, body?: Buffer): Promise<void> {
  const { request, site } = exchange;
  const matches = site.rules.matchWrites(request.method, request.path, request);
  const isListed = matches.some((found) => found.length > 0);
  // A GET that claims to be another method may be carried out as that: it counts as an unsafe request no rule knows.
  const method = !isListed && overridesMethod(request) ? 'POST' : request.method;
  if (!isListed && !isUnsafeMethod(method)) return endPassed(exchange, outcome);
  const target = targetText(request.path, request.query);
  const host = originHostOf(request, site);
  const related = relatedTargets(exchange, { method, outcome, target, host });
  const tags = new Set<Tag>();
  let rule: string | undefined;
  for (const { user, writer } of await writersOf(exchange, outcome)) {
    const question = {
      matches,
      decide: createDecide({ writer, ...exchangeFacts(exchange, outcome, body) }),
      method,
      outcome,
      unmatchedWrites: site.config.unmatchedWrites,
      target,
      related,
      user,
    };
    const effect = writeEffect(question);
    rule ??= effect.rule;
    const urls = effect.urls.flatMap(targetReadings).flatMap((url) => spellingsOf(url, exchange));
    for (const tag of tagsOf({ ...effect, urls }, { host, user })) tags.add(tag);
  }
  const cause = isListed ? 'write' : 'unmatched-write';
  await append(exchange, { tags: [...tags], cause, rule: rule ?? noRule });
  const fields = outcome.kind === 'response' && outcome.status < 400 ? outcome.fields : [];
  const { purges } = site.config.accept;
  if (purges.includes('cache-group-invalidation')) {
    const groups = invalidatedGroups({ method, fields });
    const named =
      groups === 'all'
        ? { tags: [], prefixes: [{ host, start: '/' }] }
        : { tags: groups.map((group) => groupTag(host, group)) };
    await append(exchange, { ...named, cause: 'group' });
  }
  if (!purges.includes('x-litespeed-purge')) return;
  for (const asked of liteSpeedPurges({ method, fields }))
    await append(exchange, await liteSpeedPurge(exchange, { asked, host, outcome }));
}

/** The name under which writes are counted that no rule is for. */
const noRule = '(unmatched)';

type Ended = Pick<Purge, 'tags' | 'cause'> & Partial<Purge>;

async function append({ services }: Exchange, ended: Ended): Promise<void> {
  const { tags, prefixes = [] } = ended;
  if (tags.length === 0 && prefixes.length === 0) return;
  await services.purgeLog.append({ everything: false, soft: false, ...ended, prefixes });
}

/** A path is one of the request's own host, and `*` is all of it; with `private`, all of the writer. */
async function liteSpeedPurge(
  exchange: Exchange,
  { asked, host, outcome }: { asked: LiteSpeedPurge; host: string; outcome: WriteOutcome },
): Promise<Ended> {
  const targets = asked.paths.flatMap((path) => {
    const target = normaliseTarget(path);
    return target.kind === 'ok' ? [targetText(target.path, target.query)] : [];
  });
  const urls = targets.flatMap(targetReadings).flatMap((url) => spellingsOf(url, exchange));
  const users = asked.everything && asked.private ? await writersOf(exchange, outcome) : [];
  return {
    tags: [
      ...asked.tags.map((tag) => toTag(decodeBytes(tag))),
      ...urls.map((url) => hostUrlTag(host, url)),
      ...users.flatMap(({ user }) => (user === undefined ? [] : [userTag(user), partitionTag(user)])),
    ],
    prefixes: asked.everything && !asked.private ? [{ host, start: '/' }] : [],
    soft: asked.soft,
    cause: 'app',
  };
}

/** What a rule's conditions are about, besides the writer. */
export function exchangeFacts(
  { request }: Pick<Exchange, 'request'>,
  outcome: WriteOutcome,
  body: Buffer | undefined,
): Omit<ExchangeFacts, 'writer'> {
  // What such a request says, and what its answer means, is for the method it claims.
  const isKnown = !overridesMethod(request);
  const { fields, query } = request;
  // A write that got an error may have been carried out, and then nobody knows what it would have been told.
  const isTold = isKnown && outcome.kind === 'response' && outcome.status < 500;
  return {
    // Most apps do not decode what a request is coded in, and read something else or nothing.
    request: { fields, query, body: isKnown && !hasField(fields, 'content-encoding') ? body : undefined },
    response: isTold ? { ...outcome, body: outcome.body } : undefined,
  };
}

function tagsOf(effect: WriteEffect, { host, user }: { host: string; user: string | undefined }): Tag[] {
  const urlTag = { both: hostUrlTag, rules: ruleUrlTag, standard: standardUrlTag }[effect.reach];
  const tags = [...effect.tags, ...effect.urls.map((url) => urlTag(host, url))];
  return effect.user && user !== undefined ? [...tags, userTag(user)] : tags;
}

function relatedTargets(
  { request }: Exchange,
  { method, outcome, target, host }: { method: string; outcome: WriteOutcome; target: string; host: string },
): string[] {
  if (outcome.kind !== 'response') return [];
  const { status, fields } = outcome;
  return invalidationTargets({ method, status, target, scheme: request.scheme, host, fields });
}

type Writer = { readonly user: string | undefined; readonly writer: ExchangeFacts['writer'] };

/**
 * Who wrote: the request's identity, and the one its answer's session cookie names: a login writes for the user it logs
 * in, and remember_me may log one in within any request. `undefined` when nobody can tell.
 */
export async function writersOf(
  exchange: Pick<Exchange, 'request' | 'site' | 'now'>,
  outcome: WriteOutcome,
): Promise<readonly Writer[]> {
  const { request, site, now } = exchange;
  const identity = await site.identify(request, now);
  const user = identity.kind === 'doubt' ? undefined : userOf(identity);
  const writers = new Map<string | undefined, Writer>([[user, { user, writer: identity.kind }]]);
  const cookie = site.config.identity.flaskSession?.cookie;
  const lines =
    outcome.kind === 'response' && cookie !== undefined ? fieldLines(outcome.fields, 'set-cookie') : [];
  for (const line of lines) {
    const given = parseSetCookie(line);
    if (given.name !== cookie || given.value === '') continue;
    const known = { cookie: `${given.name}=${given.value}` };
    const next = await site.identify({ known, repeated: [], fields: [] }, now);
    if (next.kind === 'known') writers.set(next.user, { user: next.user, writer: 'known' });
  }
  return [...writers.values()];
}
