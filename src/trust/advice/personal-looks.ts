/** What an exchange shows of a `user` route, in the terms of `same-for-all.ts`. */

import { combinedValue } from '../../http/fields.ts';
import type { Fields } from '../../http/message.ts';
import { parseVary } from '../../http/vary.ts';
import { shortHash } from '../../kit/short-hash.ts';
import type { CacheExchange } from '../../proxy/exchange/exchange.ts';
import type { Outcome } from '../../proxy/exchange/outcome.ts';
import { readableCookies } from '../../proxy/exchange/upstream-fields.ts';
import type { Position } from '../../store/purge-log.ts';
import type { Entry } from '../../store/store.ts';
import type { EndedBy, PersonalLook, SameForAll, SharedDoubt } from './same-for-all.ts';

type Seen = { readonly copy: string; readonly route: string; readonly digest: string };

/** The cookies that the rule varies by, with the values that were sent. */
export function variedCookies({ match, request }: CacheExchange): Readonly<Record<string, string>> {
  const sent = readableCookies(request);
  const valueOf = (name: string): string => sent.find((cookie) => cookie.name === name)?.value ?? '';
  return Object.fromEntries(match.contentType.vary.cookies.map((name) => [name, valueOf(name)]));
}

/** An answer to one person: the page is all that was asked for, without the credentials. */
export function lookOf(exchange: CacheExchange, entry: Entry, seen: Seen): PersonalLook {
  const { match, plan, identity } = exchange;
  const { host, target, partition, requestTime: at, asOf, policy, originSeconds } = entry;
  const tokens = identity.kind === 'known' ? identity.tokenFields.filter((_, index) => index % 2 === 0) : [];
  const own = new Set(['cookie', 'authorization', ...tokens.map((name) => name.toLowerCase())]);
  const sent = plan.upstreamFields();
  const rest = sent.filter((_, index) => !own.has((sent[index - (index % 2)] ?? '').toLowerCase()));
  const contentType = match.contentType.name;
  return {
    ...{ contentType, ...seen, body: seen.digest, digest: seen.digest + fieldsDigest(entry.fields) },
    ...{ target, at, asOf, originSeconds, lifetime: policy.lifetime },
    page: shortHash([contentType, host, target, rest, variedCookies(exchange)]),
    url: urlOf(host, target),
    person: partition.slice(0, 16),
  };
}

/** Who has ended the copies of before: a purge that would have met everybody's copy, or this person's alone. */
export const endedBy =
  ({ services }: Pick<CacheExchange, 'services'>, entry: Entry) =>
  (since: Position): EndedBy => {
    const { purgeLog } = services;
    if (purgeLog.verdict({ ...entry, asOf: since }).kind === 'current') return 'nobody';
    const tags = entry.tags.filter((one) => !/^(?:user|partition):/.test(one));
    return purgeLog.verdict({ ...entry, tags, asOf: since }).kind === 'current' ? 'own' : 'everybodys';
  };

/** What an answer says of itself. */
export function doubtsIn(fields: Fields): readonly SharedDoubt[] {
  const isPrivate = /\b(?:private|no-store)\b/i.test(combinedValue(fields, 'cache-control') ?? '');
  const vary = parseVary(fields);
  const varies =
    vary.kind === 'any' || vary.names.some((name) => name === 'cookie' || name === 'authorization');
  return [...(isPrivate ? (['private'] as const) : []), ...(varies ? (['varies-by-person'] as const) : [])];
}

/** What became of a request that was looked up: cookies that an answer sets, and people who did not get the page. */
export function tellOutcome(shared: SameForAll, outcome: Outcome): void {
  const { contentType, route, host, target, status, notStored } = outcome;
  if (route === undefined) return;
  const of = { contentType, route, target };
  if (notStored === 'set-cookie') shared.doubts(of, 'sets-cookie');
  if (notStored === 'private' || notStored === 'no-store') shared.doubts(of, 'private');
  if (notStored === 'vary-any') shared.doubts(of, 'varies-by-person');
  if (notStored === 'too-large') shared.doubts(of, 'too-large');
  if (isWithout(status)) shared.isMissing({ ...of, url: urlOf(host, target) });
  const isElsewhere = status >= 300 && status < 400 && status !== 304;
  if (status === 401 || status === 403 || isElsewhere) shared.doubts(of, 'refused');
}

/** Not the page that others get: nothing, something else, or only for those who pay or are elsewhere. */
const isWithout = (status: number): boolean =>
  (status > 200 && status < 300 && status !== 206) || [402, 404, 410, 451].includes(status);

/** They tell of the answer, its way or its making, and differ between two answers to one person. */
const ofTheAnswer =
  /^(?:date|expires|last-modified|etag|cache-control|content-length|server|via|alt-svc|nel|report-to|server-timing|traceparent|tracestate|cf-ray)$|(?:^|-)(?:request-?id|trace-?id|correlation-?id|cf-id|id-2|runtime|response-time|timer|cache|cache-hits|served-by)$|ratelimit/;

/** Of the fields that a person may have a value of their own in. */
function fieldsDigest(fields: Fields): string {
  const lines = fields.flatMap((name, at) =>
    at % 2 === 1 || ofTheAnswer.test(name.toLowerCase())
      ? []
      : [`${name.toLowerCase()}:${fields[at + 1] ?? ''}`],
  );
  return shortHash(lines.toSorted());
}

const urlOf = (host: string, target: string): string => shortHash([host, target.split('?', 1)]);
