/**
 * The head of a request over HTTP/2, as HTTP/1.1 would say it: what reads requests strictly reads both.
 *
 * Promise: what has no place in HTTP/2, or could be said of two hosts, two schemes or two targets, is refused here. Node has
 * refused pseudo-fields that are repeated or misplaced, names in upper case and values with line breaks.
 */

import type { MessageHead, Refusal } from '../exchange/client-request.ts';

export type StreamHead = {
  /** Names and values, pseudo-fields included. */
  readonly fields: readonly string[];
  /** The head is all of the request. */
  readonly isWhole: boolean;
};

/** RFC 9113 §8.2.2: these make a message malformed. */
const ofOneConnection: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

const refuse = (detail: Refusal['detail'], status: Refusal['status'] = 400): Refusal => ({
  kind: 'refused',
  status,
  detail,
});

/** Makes the head of a request from that of a stream. */
export function messageHeadOf(
  { fields, isWhole }: StreamHead,
  socket: MessageHead['socket'],
): MessageHead | Refusal {
  const pseudo = new Map<string, string>();
  const hosts: string[] = [];
  const cookies: string[] = [];
  const rest: string[] = [];
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] ?? '';
    const value = fields[index + 1] ?? '';
    if (name.startsWith(':')) pseudo.set(name, value);
    else if (name === 'host') hosts.push(value);
    // RFC 9113 §8.2.3: crumbs are one field.
    else if (name === 'cookie') cookies.push(value);
    else if (ofOneConnection.has(name)) return refuse('bad-framing');
    else rest.push(name, value);
  }
  const method = pseudo.get(':method') ?? '';
  // No tunnels, and no extended CONNECT (RFC 8441): that setting is not sent.
  if (method === 'CONNECT' || pseudo.has(':protocol')) return refuse('method-not-allowed', 405);
  const url = pseudo.get(':path') ?? '';
  if (!url.startsWith('/') && url !== '*') return refuse('bad-target');
  if (!isSchemeOf(socket, pseudo.get(':scheme') ?? '')) return refuse('bad-target');
  const authority = hostOf(pseudo.get(':authority'), hosts);
  if (typeof authority !== 'string') return authority;
  if (cookies.length > 0) rest.push('cookie', cookies.join('; '));
  const hasLength = rest.some((name, index) => index % 2 === 0 && name === 'content-length');
  // Only that there is a body: the frames tell its end.
  if (!isWhole && !hasLength) rest.push('transfer-encoding', 'chunked');
  const version = { httpVersion: '2.0', httpVersionMajor: 1, httpVersionMinor: 1 };
  return { ...version, method, url, socket, rawHeaders: ['host', authority, ...rest] };
}

/** What terminates TLS in front of a plain listener may say `https`. */
function isSchemeOf({ encrypted }: MessageHead['socket'], scheme: string): boolean {
  return scheme === 'https' || (scheme === 'http' && encrypted !== true);
}

/** RFC 9113 §8.3.1: a Host that differs from `:authority` makes the request malformed. */
function hostOf(authority: string | undefined, hosts: readonly string[]): string | Refusal {
  const [host, ...others] = hosts;
  if (others.length > 0) return refuse('several-hosts');
  if (authority === undefined || host === undefined) return authority ?? host ?? '';
  return authority.toLowerCase() === host.toLowerCase() ? authority : refuse('several-hosts');
}
