/** The fields of a request as the origin gets it, and of a response as the client gets it (RFC 9110 §7.6, CONTRACT §4). */

import { parseCookieLine } from '../../http/cookies.ts';
import { combinedValue, endToEndFields, fieldLines, withoutFields } from '../../http/fields.ts';
import { cacheName } from '../../http/cache-status.ts';
import type { Fields } from '../../http/message.ts';
import { conditionNames } from '../../http/validators.ts';
import { foldFieldName } from '../../http/field-name.ts';
import { methodOverrideFields } from '../../policy/key/unkeyed-fields.ts';
import type { ClientRequest } from './client-request.ts';
import type { CacheExchange, Site } from './exchange.ts';
import { fetchIdOf, requestIdOf } from './request-id.ts';
import { originTraceFields, replacedByTrace } from './trace.ts';

const via = `1.1 ${cacheName}`;

type Own = {
  readonly host: string;
  readonly forwardedHost: string;
  readonly id: string;
  readonly via: string;
};

const ownFields = (request: ClientRequest, { host, forwardedHost, id, via: said }: Own): string[] => [
  'Host',
  host,
  'X-Forwarded-For',
  request.forwardedFor,
  'X-Forwarded-Proto',
  request.scheme,
  'X-Forwarded-Host',
  forwardedHost,
  'X-Request-ID',
  id,
  'Via',
  said,
  ...originTraceFields(request.trace),
  ...(isBoundToConnection(request) ? ['Connection', 'close'] : []),
];

/** NTLM and Negotiate log in a connection, not a request: the next request on it would be made in this one's name. */
const isBoundToConnection = ({ known: { authorization } }: ClientRequest): boolean =>
  authorization !== undefined && /^(?:ntlm|negotiate)(?: |$)/i.test(authorization);

/** Whether the request claims to be of another method than its own: some frameworks believe it. */
export const overridesMethod = ({ unusual }: Pick<ClientRequest, 'unusual'>): boolean =>
  unusual.some((name, index) => index % 2 === 0 && methodOverrideFields.includes(foldFieldName(name)));

/** The Host the origin is asked for. */
export const originHostOf = (request: ClientRequest, site: Site): string =>
  site.config.upstream.host === 'upstream' || request.host === '' ? site.originHost : request.host;

const conditional: ReadonlySet<string> = new Set(conditionNames);

/** The fields of a fetch for the store. With `condition` they replace the client's own preconditions and range. */
export function fetchFields(exchange: CacheExchange, condition: Fields | undefined): string[] {
  const { request, host, plan } = exchange;
  const own = withoutTrace(plan.upstreamFields(), request);
  const asked = condition === undefined ? own : [...withoutFields(own, conditional), ...condition];
  // Nothing here is the client's word, for the answer may be for others. Deviation from RFC 9110 §7.6.3: nor is the Via it
  // came with, for no key knows that field.
  return [...ownFields(request, { host, forwardedHost: host, id: fetchIdOf(request), via }), ...asked];
}

function withoutTrace(fields: Fields, { trace }: ClientRequest): Fields {
  const dropped = replacedByTrace(trace);
  return dropped === undefined ? fields : withoutFields(fields, dropped);
}

const replaced: ReadonlySet<string> = new Set([
  'content-length',
  'expect',
  'forwarded',
  'host',
  'max-forwards',
  // httpoxy: CGI programs take it for the environment's HTTP_PROXY.
  'proxy',
  'shelflife-debug',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-request-id',
]);

const relayed: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);

/** Whether a passed request with this method goes the way of fetches, and not through @fastify/http-proxy. */
export const isRelayed = (method: string): boolean => relayed.has(method);

/** The fields of a request that is passed: all the client sent, with the proxy's own. */
export function passFields(request: ClientRequest, host: string): string[] {
  const { scanned } = request;
  const passed = scanned?.passed ?? passedOf(request.fields);
  if (scanned !== undefined) scanned.passed = passed;
  // @fastify/http-proxy keeps its connections whatever it is told: what would log one in is not sent on it.
  const isKept = isBoundToConnection(request) && !isRelayed(request.method);
  const sent = withoutTrace(isKept ? withoutFolded(passed, credentials) : passed, request);
  const framing = request.known['content-length'];
  const length = request.hasBody && framing !== undefined ? ['Content-Length', framing] : [];
  const own = ownFields(request, {
    host,
    forwardedHost: request.host === '' ? host : request.host,
    id: requestIdOf(request),
    via: viaOf(request),
  });
  return [...own, ...sent, ...length, ...hopsLeft(request)];
}

const passedOf = (fields: Fields): Fields => withoutFolded(endToEndFields(fields), replaced);

/** Without the fields that CGI would read as one of these. */
function withoutFolded(fields: Fields, names: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] ?? '';
    if (!names.has(foldFieldName(name))) kept.push(name, fields[at + 1] ?? '');
  }
  return kept;
}

const credentials: ReadonlySet<string> = new Set(['authorization']);

/** RFC 9110 §7.6.3: each intermediary appends itself. */
function viaOf({ fields, httpVersion }: ClientRequest): string {
  const own = httpVersion === '2.0' ? `2.0 ${cacheName}` : via;
  const before = fieldLines(fields, 'via').join(', ');
  return before === '' ? own : `${before}, ${own}`;
}

/** RFC 9110 §7.6.2: an intermediary "MUST" send OPTIONS and TRACE on with Max-Forwards one less. */
function hopsLeft({ method, known }: ClientRequest): string[] {
  const hops = known['max-forwards'];
  if (hops === undefined || (method !== 'OPTIONS' && method !== 'TRACE') || !/^\d{1,9}$/.test(hops))
    return [];
  return ['Max-Forwards', String(Number(hops) - 1)];
}

type RelayedHead = { readonly status: number; readonly fields: Fields };

/** The fields of a forwarded response: end-to-end, with Via and our Cache-Status behind the origin's. */
export function relayedFields({ status, fields }: RelayedHead, cacheStatus: string): string[] {
  const kept = endToEndFields(fields);
  const protocols = status === 426 ? combinedValue(fields, 'upgrade') : undefined;
  // RFC 9110 §15.5.22: a 426 without it would not say which protocol to change to. The client does that on a new connection.
  if (protocols !== undefined) kept.push('Connection', 'close, Upgrade', 'Upgrade', protocols);
  kept.push('Via', via, 'Cache-Status', cacheStatus);
  return kept;
}

const notOf101: ReadonlySet<string> = new Set(['content-length']);

/** The fields of a forwarded 101: the origin's protocol is the client's from here on (RFC 9110 §7.8); §8.6: no length. */
export function switchingFields(fields: Fields, cacheStatus: string): string[] {
  const protocol = combinedValue(fields, 'upgrade') ?? '';
  const relayed = relayedFields({ status: 101, fields: withoutFields(fields, notOf101) }, cacheStatus);
  return ['Connection', 'Upgrade', 'Upgrade', protocol, ...relayed];
}

/** All cookies of a request; none where they cannot be read. */
export function readableCookies(request: ClientRequest): ReturnType<typeof cookiesOf> {
  return request.known.cookie === undefined || request.repeated.includes('cookie')
    ? []
    : cookiesOf(request.known.cookie);
}

function cookiesOf(line: string) {
  const parsed = parseCookieLine(line);
  return parsed.kind === 'ok' ? parsed.cookies : [];
}
