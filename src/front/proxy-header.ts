/**
 * Reads the header of the PROXY protocol, versions 1 and 2: how a balancer says which client a connection is for.
 *
 * https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt; the sections below are its own.
 */

import { isIPv4, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';

/** `sender`: the balancer speaks for itself, as its health checks do. `unknown`: for a client that it does not name. */
export type ProxiedClient = (
  { readonly kind: 'sender' | 'unknown' } | { readonly kind: 'address'; readonly address: string }
) & {
  /** The balancer has the connection over TLS, and took that off. */
  readonly isSecure?: true;
};

export type ProxyHeader =
  | { readonly kind: 'incomplete' }
  /** `length`: the bytes of the header. */
  | { readonly kind: 'header'; readonly length: number; readonly client: ProxiedClient }
  | { readonly kind: 'refused'; readonly reason: 'missing' | 'malformed' };

/** Reads what a connection begins with. */
export function readProxyHeader(bytes: Buffer): ProxyHeader {
  if (startsAlike(bytes, signature)) return readBinary(bytes);
  if (startsAlike(bytes, textStart)) return readText(bytes);
  return { kind: 'refused', reason: 'missing' };
}

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const textStart = Buffer.from('PROXY ');
/** §2.1: what the longest line takes, its end included. */
const longestLine = 107;
/** §2.2 allows 64 KB. Extensions take some hundred bytes; nginx reads as much as this. */
const longestBinary = 4096;

const incomplete: ProxyHeader = { kind: 'incomplete' };
const malformed: ProxyHeader = { kind: 'refused', reason: 'malformed' };

function startsAlike(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.subarray(0, length).equals(start.subarray(0, length));
}

/** §2.1: one line of text. */
function readText(bytes: Buffer): ProxyHeader {
  const end = bytes.subarray(0, longestLine).indexOf('\r\n');
  if (end === -1) return bytes.length < longestLine ? incomplete : malformed;
  const client = clientOfLine(bytes.toString('latin1', 0, end));
  return client === undefined ? malformed : { kind: 'header', length: end + 2, client };
}

function clientOfLine(line: string): ProxiedClient | undefined {
  // Whatever follows UNKNOWN "must be ignored".
  if (/^PROXY UNKNOWN(?: |$)/.test(line)) return { kind: 'unknown' };
  const [, family, from = '', to = '', ...ports] =
    /^PROXY (TCP[46]) (\S+) (\S+) (\d+) (\d+)$/.exec(line) ?? [];
  // Node takes an address with a zone for one of IPv6.
  const isAddress = (text: string): boolean =>
    family === 'TCP4' ? isIPv4(text) : isIPv6(text) && !text.includes('%');
  const isRead = family !== undefined && isAddress(from) && isAddress(to) && ports.every(isPort);
  return isRead ? { kind: 'address', address: ipaddr.process(from).toString() } : undefined;
}

const isPort = (digits: string): boolean => /^(?:0|[1-9]\d{0,4})$/.test(digits) && Number(digits) <= 65_535;

/** How many bytes of addresses come first, by family (§2.2): two of IPv4 or IPv6 with their ports, or two paths. */
const addressBytes: readonly number[] = [0, 12, 36, 216];
const fixedBytes = 16;

/** §2.2: signature, version and command, family and transport, length, addresses, extensions. */
function readBinary(bytes: Buffer): ProxyHeader {
  if (bytes.length < fixedBytes) return incomplete;
  const command = bytes.readUInt8(12);
  const [family, transport] = [bytes.readUInt8(13) >> 4, bytes.readUInt8(13) & 15];
  const rest = bytes.readUInt16BE(14);
  const length = fixedBytes + rest;
  const most = addressBytes[family];
  const isLocal = command === 0x20;
  if (!(isLocal || command === 0x21) || most === undefined || transport > 2 || length > longestBinary)
    return malformed;
  // "The receiver must [...] discard the protocol block including the family", so its addresses may be short.
  if (!isLocal && rest < most) return malformed;
  if (bytes.length < length) return incomplete;
  if (isLocal) return { kind: 'header', length, client: { kind: 'sender' } };
  const client = clientOfBlock(family, bytes);
  const isSecure = saysTls(bytes.subarray(fixedBytes + most, length));
  return { kind: 'header', length, client: isSecure ? { ...client, isSecure } : client };
}

/** §2.2.6: PP2_TYPE_SSL, whose first bit says that the client came over TLS. Extensions that cannot be read say nothing. */
function saysTls(extensions: Buffer): boolean {
  for (let at = 0; at + 3 <= extensions.length;) {
    const end = at + 3 + extensions.readUInt16BE(at + 1);
    if (end > extensions.length) return false;
    if (extensions.readUInt8(at) === 0x20)
      return end >= at + 3 + 5 && (extensions.readUInt8(at + 3) & 1) === 1;
    at = end;
  }
  return false;
}

function clientOfBlock(family: number, bytes: Buffer): ProxiedClient {
  const size = { 1: 4, 2: 16 }[family];
  // A Unix socket, or a protocol that the sender does not name: there is no address.
  if (size === undefined) return { kind: 'unknown' };
  const address = ipaddr.fromByteArray([...bytes.subarray(fixedBytes, fixedBytes + size)]).toString();
  return { kind: 'address', address: ipaddr.process(address).toString() };
}
