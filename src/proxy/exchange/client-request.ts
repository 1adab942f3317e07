/** What a client sent, read once and strictly: what two servers could read in two ways is refused here. */

import type { IncomingMessage } from 'node:http';
import ipaddr from 'ipaddr.js';
import { plainAddress, trustOf } from '../../front/trusted-proxies.ts';
import { canonicalAuthority } from '../../http/authority.ts';
import { withoutFields } from '../../http/fields.ts';
import { cacheMethods } from '../../http/field-name.ts';
import type { Fields } from '../../http/message.ts';
import {
  type KnownField,
  type KnownFields,
  type ScannedFields,
  scanFields,
} from '../../http/request-head.ts';
import { conditionNames } from '../../http/validators.ts';
import { type NormalisedTarget, normaliseTarget } from '../../http/target.ts';
import type { Trace } from './trace.ts';
import { BoundedMap } from '../../kit/bounded-map.ts';

export type ClientRequest = {
  readonly method: string;
  readonly path: string;
  readonly query: string | undefined;
  /** Lower case, without default port and trailing dot; empty when an HTTP/1.0 client gave none. */
  readonly host: string;
  readonly scheme: 'http' | 'https';
  readonly fields: Fields;
  readonly known: KnownFields;
  readonly repeated: readonly KnownField[];
  /** Those that could be a credential or a claim: neither known nor ordinary. */
  readonly unusual: Fields;
  readonly httpVersion: string;
  readonly hasBody: boolean;
  readonly forwardedFor: string;
  /** Of a head that comes again and again: shared by all its requests. */
  readonly scanned?: ScannedFields | undefined;
  fetchId: string | undefined;
  /** Absent: nothing is traced. */
  trace: Trace | undefined;
};

/** What is read of a request: node:http's, or one that another parser has read. */
export type MessageHead = Pick<
  IncomingMessage,
  'method' | 'url' | 'rawHeaders' | 'httpVersion' | 'httpVersionMajor' | 'httpVersionMinor'
> & {
  readonly socket: {
    readonly remoteAddress?: string | undefined;
    readonly encrypted?: boolean | undefined;
  };
  /** What was read of the same fields before. */
  readonly scanned?: ScannedFields | undefined;
};

export type Refusal = {
  readonly kind: 'refused';
  readonly status: 400 | 405 | 414 | 417 | 421 | 431;
  readonly detail: RefusalReason;
};

export type RefusalReason =
  | 'bad-target'
  | 'target-too-long'
  | 'too-many-fields'
  | 'bad-host'
  | 'several-hosts'
  | 'other-host'
  | 'unserved-host'
  | 'bad-framing'
  | 'bad-connection-option'
  | 'expectation'
  | 'method-not-allowed';

export type ReadResult =
  { readonly kind: 'request'; readonly request: ClientRequest } | Refusal | { readonly kind: 'asterisk' };

const maxFields = 128;

/** Never part of a request as it is keyed or sent on: it holds a token, and no key knows it. */
const forThisProxy: ReadonlySet<string> = new Set(['shelflife-debug']);

const refuse = (status: Refusal['status'], detail: RefusalReason): Refusal => ({
  kind: 'refused',
  status,
  detail,
});

/** Fields whose removal by `Connection` would change what the request is. */
const essentialFields: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'authorization',
  'cache-control',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'host',
  ...conditionNames,
  'transfer-encoding',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
]);

export type ReaderOptions = {
  /** Names served, lower case; `*.example.org` takes all below it. Absent: every one. */
  readonly hosts: readonly string[] | undefined;
  /** CIDR blocks whose X-Forwarded-* are believed. */
  readonly trustedProxies: readonly string[];
};

/** Makes the function that reads requests. Targets and addresses seen before are remembered in bounded maps. */
export function createReader(options: ReaderOptions): (message: MessageHead) => ReadResult {
  const readTarget = createTargetReader();
  const readWhere = createWhereReader(options);
  return (message) => {
    const sent = message.rawHeaders;
    if (sent.length > maxFields * 2) return refuse(431, 'too-many-fields');
    // node:http takes lines of HTTP/0.9 and HTTP/2.0 for what they say they are; this is a server of HTTP/1.
    if (message.httpVersionMajor !== 1) return refuse(400, 'bad-framing');
    const method = message.method ?? '';
    if (cacheMethods.has(method)) return refuse(405, 'method-not-allowed');
    const { scanned } = message;
    const { known, repeated, unusual } = scanned ?? scanFields(sent);
    const fields = known['shelflife-debug'] === undefined ? sent : withoutFields(sent, forThisProxy);
    const isRepeated = repeated.length > 0;
    if (isRepeated && repeated.includes('host')) return refuse(400, 'several-hosts');
    const isUnclear = isRepeated && repeated.includes('content-length');
    const framing = isUnclear ? 'bad' : framingOf(known, message.httpVersionMinor);
    if (framing === 'bad') return refuse(400, 'bad-framing');
    if (known.connection !== undefined && takesEssentials(known.connection)) {
      return refuse(400, 'bad-connection-option');
    }
    const target = readTarget(message.url ?? '');
    if (target.kind === 'asterisk') return method === 'OPTIONS' ? target : refuse(400, 'bad-target');
    if (target.kind === 'bad') {
      return target.reason === 'too-long' ? refuse(414, 'target-too-long') : refuse(400, 'bad-target');
    }
    const where = readWhere(message, known, target);
    if (where.kind === 'refused') return where;
    const { path, query } = target;
    const { host, scheme, forwardedFor } = where;
    const { httpVersion } = message;
    const hasBody = framing === 'body';
    // One literal, no spreading: this object is made for every request.
    // prettier-ignore
    const request: ClientRequest = {
      method, path, query, host, scheme, fields, known, repeated, unusual, httpVersion, hasBody, forwardedFor,
      scanned, fetchId: undefined, trace: undefined,
    };
    return { kind: 'request', request };
  };
}

function createTargetReader(): (raw: string) => NormalisedTarget {
  const targets = new BoundedMap<string, NormalisedTarget>(4096);
  return (raw) => {
    const before = targets.get(raw);
    if (before !== undefined) return before;
    const target = normaliseTarget(raw);
    if (raw.length <= 1024) targets.set(raw, target);
    return target;
  };
}

function createWhereReader({ hosts, trustedProxies }: ReaderOptions) {
  const hostNames = new BoundedMap<string, string>(1024);
  const isTrusted = trustOf(trustedProxies);
  const serves = hosts === undefined ? undefined : servedBy(hosts);
  return (message: MessageHead, known: KnownFields, target: Absolute): Where => {
    const remote = plainAddress(message.socket.remoteAddress ?? '');
    const isBelieved = isTrusted !== undefined && isTrusted(remote);
    const scheme = schemeOf(message, isBelieved ? known : undefined);
    const host = hostOf(known.host ?? '', scheme, hostNames);
    if (host === undefined || (host === '' && message.httpVersionMinor > 0)) return refuse(400, 'bad-host');
    const { absolute } = target;
    // RFC 9112 §3.2.2 would have an absolute target win over Host; a request that says two hosts is not worth the risk.
    const differs = absolute !== undefined && hostOf(absolute.authority, scheme, hostNames) !== host;
    if (differs) return refuse(400, 'other-host');
    if (serves !== undefined && !serves(host)) return refuse(421, 'unserved-host');
    const before = isBelieved ? known['x-forwarded-for'] : undefined;
    const forwardedFor = before === undefined ? remote : chainOf(before, remote);
    return { kind: 'where', host, scheme, forwardedFor };
  };
}

/** X-Forwarded-For behind a trusted proxy: addresses only, or what a client made up would reach the origin unkeyed. */
function chainOf(before: string, remote: string): string {
  const told = before.split(',').map((member) => member.trim());
  // What stands left of something that is not an address was written by nobody known.
  const last = told.findLastIndex(
    (member) => !ipaddr.isValid(member.replace(/^\[([^\]]*)\](?::\d+)?$/, '$1')),
  );
  return [...told.slice(last + 1), remote].join(', ');
}

type Absolute = Extract<NormalisedTarget, { kind: 'ok' }>;
type Where =
  | Refusal
  | {
      readonly kind: 'where';
      readonly host: string;
      readonly scheme: 'http' | 'https';
      readonly forwardedFor: string;
    };

function framingOf(known: KnownFields, minorVersion: number): 'none' | 'body' | 'bad' {
  const coding = known['transfer-encoding'];
  const length = known['content-length'];
  if (coding !== undefined) {
    // RFC 9112 §6.1: in an HTTP/1.0 message its framing is faulty.
    const isPlain = minorVersion > 0 && coding.trim().toLowerCase() === 'chunked';
    return isPlain && length === undefined ? 'body' : 'bad';
  }
  if (length === undefined) return 'none';
  if (!/^\d{1,15}$/.test(length)) return 'bad';
  return Number(length) === 0 ? 'none' : 'body';
}

function takesEssentials(connection: string): boolean {
  if (connection === 'keep-alive' || connection === 'close') return false;
  return connection.split(',').some((option) => essentialFields.has(option.trim().toLowerCase()));
}

function schemeOf(message: MessageHead, believed: KnownFields | undefined): 'http' | 'https' {
  if (message.socket.encrypted === true) return 'https';
  const told = believed?.['x-forwarded-proto'];
  return told !== undefined && told.trim().toLowerCase() === 'https' ? 'https' : 'http';
}

/** In its one spelling; `undefined` if it is not a host. */
function hostOf(
  value: string,
  scheme: 'http' | 'https',
  remembered: BoundedMap<string, string>,
): string | undefined {
  if (value === '') return '';
  const memoKey = scheme === 'https' ? `s${value}` : value;
  const before = remembered.get(memoKey);
  if (before !== undefined) return before;
  const host = canonicalAuthority(value, scheme);
  if (host !== undefined) remembered.set(memoKey, host);
  return host;
}

function servedBy(hosts: readonly string[]): (host: string) => boolean {
  const exact = new Set(hosts.filter((host) => !host.startsWith('*.')));
  const below = hosts.filter((host) => host.startsWith('*.')).map((host) => host.slice(1));
  return (host) => {
    const name = host.replace(/:\d+$/, '');
    return exact.has(name) || below.some((suffix) => name.length > suffix.length && name.endsWith(suffix));
  };
}
