/**
 * What a passing request made stale, ended before its answer is released (CONTRACT §2.2, DESIGN §4).
 *
 * Promise: whoever sees the answer of a write finds nothing stored from before it on this instance.
 */

import { fieldLines } from '../../http/fields.ts';
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
import { type Tag, toTag } from '../../policy/rules/tags.ts';
import { type WriteEffect, type WriteOutcome, writeEffect } from '../../policy/rules/writes.ts';
import type { Purge } from '../../store/purge-log.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { spellingsOf } from '../exchange/keyed-exchange.ts';
import { overridesMethod } from '../exchange/method-override.ts';
import { originHostOf } from '../exchange/upstream-fields.ts';

/** Ends what the request made stale; resolves when its answer may be released. */
export async function endStale(exchange: Exchange, outcome: WriteOutcome): Promise<void> {
  const { request, site } = exchange;
  const matches = site.rules.matchWrites(request.method, request.path, request);
  const isListed = matches.some((match) => match !== undefined);
  // A GET that claims to be another method may be carried out as that: it counts as an unsafe request no rule knows.
  const method = !isListed && overridesMethod(request) ? 'POST' : request.method;
  if (!isListed && !isUnsafeMethod(method)) return;
  const target = targetText(request.path, request.query);
  const host = originHostOf(request, site);
  const related = relatedTargets(exchange, { method, outcome, target, host });
  const tags = new Set<Tag>();
  for (const user of await writersOf(exchange, outcome)) {
    const question = {
      matches,
      method,
      outcome,
      unmatchedWrites: site.config.unmatchedWrites,
      target,
      related,
      user,
    };
    const effect = writeEffect(question);
    const urls = effect.urls.flatMap(targetReadings).flatMap((url) => spellingsOf(url, exchange));
    for (const tag of tagsOf({ ...effect, urls }, { host, user })) tags.add(tag);
  }
  const cause = isListed ? 'write' : 'unmatched-write';
  await append(exchange, { tags: [...tags], cause });
  const fields = outcome.kind === 'response' && outcome.status < 400 ? outcome.fields : [];
  const { purges } = site.config.accept;
  if (purges.includes('cache-group-invalidation')) {
    const groups = invalidatedGroups({ method, fields }).map((group) => groupTag(host, group));
    await append(exchange, { tags: groups, cause: 'group' });
  }
  if (!purges.includes('x-litespeed-purge')) return;
  for (const asked of liteSpeedPurges({ method, fields }))
    await append(exchange, await liteSpeedPurge(exchange, { asked, host, outcome }));
}

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
      ...asked.tags.map(toTag),
      ...urls.map((url) => hostUrlTag(host, url)),
      ...users.filter((user) => user !== undefined).flatMap((user) => [userTag(user), partitionTag(user)]),
    ],
    prefixes: asked.everything && !asked.private ? [{ host, start: '/' }] : [],
    soft: asked.soft,
    cause: 'app',
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

/**
 * Who wrote: the request's identity, and the one its answer's session cookie names: a login writes for the user it logs
 * in, and remember_me may log one in within any request. `undefined` when nobody can tell.
 */
async function writersOf(
  exchange: Exchange,
  outcome: WriteOutcome,
): Promise<readonly (string | undefined)[]> {
  const { request, site, now } = exchange;
  const identity = await site.identify(request, now);
  const users = new Set<string | undefined>([identity.kind === 'doubt' ? undefined : userOf(identity)]);
  const cookie = site.config.identity.flaskSession?.cookie;
  const lines =
    outcome.kind === 'response' && cookie !== undefined ? fieldLines(outcome.fields, 'set-cookie') : [];
  for (const line of lines) {
    const given = parseSetCookie(line);
    if (given.name !== cookie || given.value === '') continue;
    const known = { cookie: `${given.name}=${given.value}` };
    const next = await site.identify({ known, repeated: [], fields: [] }, now);
    if (next.kind === 'known') users.add(next.user);
  }
  return [...users];
}
