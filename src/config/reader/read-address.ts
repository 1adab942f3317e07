/** Reads network addresses and names: URLs, `HOST:PORT`, hosts, CIDR blocks, names of cookies and header fields. */

import ipaddr from 'ipaddr.js';
import { isToken } from '../../http/field-name.ts';
import { type Address, type ListenAddress, unixPathOf, unixPeer } from './address.ts';
import { textAs } from './read-scalar.ts';
import { type Reader } from './reader.ts';

const label = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/i;
const isHostName = (host: string): boolean =>
  host.length <= 253 && host.split('.').every((part) => label.test(part));
const isHost = (host: string): boolean =>
  /^[\d.]+$/.test(host) ? ipaddr.IPv4.isValidFourPartDecimal(host) : isHostName(host);

/** `HOST:PORT`, IPv6 in brackets; otherwise `undefined`. */
export function parseAddress(written: string): Address | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(written);
  if (match === null) return undefined;
  const [, v6, name, digits] = match;
  const port = Number(digits);
  if (port > 65_535) return undefined;
  if (v6 !== undefined) return ipaddr.IPv6.isValid(v6) ? { host: v6, port } : undefined;
  return name !== undefined && isHost(name) ? { host: name, port } : undefined;
}

/** sun_path of Linux, and its final NUL. */
const longestUnixPath = 107;

/** `unix:/PATH` of a Unix socket; otherwise `undefined`. */
function parseUnixAddress(written: string): string | undefined {
  const path = unixPathOf(written);
  if (path === undefined || /[\0\r\n]/.test(path) || path.endsWith('/')) return undefined;
  return Buffer.byteLength(path) <= longestUnixPath ? written : undefined;
}

/**
 * The origin's `scheme://host[:port]`, or `unix:/PATH`; `undefined` for anything else, including a URL with a path or a user
 * name.
 */
export function parseOriginUrl(written: string): string | undefined {
  if (written.startsWith('unix:')) return parseUnixAddress(written);
  const url = URL.parse(written);
  if (url === null || !isHttp(url) || /\s/.test(written)) return undefined;
  const bare =
    url.pathname === '/' &&
    url.search === '' &&
    url.hash === '' &&
    url.username === '' &&
    url.password === '';
  return bare && !/[?#@]/.test(written) && /^https?:\/\//i.test(written) ? url.origin : undefined;
}

const isHttp = (url: URL): boolean => url.protocol === 'http:' || url.protocol === 'https:';

/** An address, or `unix:/PATH`. */
export function parseControlAddress(written: string): Omit<ListenAddress, 'systemd'> | undefined {
  const unix = parseUnixAddress(written);
  return unix === undefined ? parseAddress(written) : { host: 'localhost', port: 80, path: unixPathOf(unix) };
}

/** An address, `unix:/PATH`, or `systemd`. */
export const parseListenAddress = (written: string): ListenAddress | undefined =>
  written === 'systemd' ? { host: 'localhost', port: 80, systemd: true } : parseControlAddress(written);

const expectedUnixAddress = `a Unix socket unix:/PATH, with a path of at most ${longestUnixPath} bytes`;
/** The text for messages about an address; the command line uses it too. */
const expectedAddress = 'an address HOST:PORT such as 0.0.0.0:8080 or [::1]:8080';
export const expectedControlAddress = `${expectedAddress}, or ${expectedUnixAddress}`;
export const expectedListenAddress = `${expectedAddress}, ${expectedUnixAddress}, or systemd, whose sockets are taken over`;
export const expectedOriginUrl = `a URL http://HOST[:PORT] or https://HOST[:PORT], without a path, query or password, or ${expectedUnixAddress}`;

export const address: Reader<Address> = textAs({
  expected: expectedAddress,
  code: 'bad-address',
  parse: parseAddress,
});

export const controlAddress: Reader<Omit<ListenAddress, 'systemd'>> = textAs({
  expected: expectedControlAddress,
  code: 'bad-address',
  parse: parseControlAddress,
});

export const listenAddress: Reader<ListenAddress> = textAs({
  expected: expectedListenAddress,
  code: 'bad-address',
  parse: parseListenAddress,
});

/** An address to connect to, so port 0 is refused. */
export const peer: Reader<Address> = textAs({
  expected: 'an address HOST:PORT such as 10.0.0.5:6379',
  code: 'bad-address',
  parse: (written) => {
    const found = parseAddress(written);
    return found === undefined || found.port === 0 ? undefined : found;
  },
});

export const originUrl: Reader<string> = textAs({
  expected: expectedOriginUrl,
  code: 'bad-url',
  parse: parseOriginUrl,
});

/** An http or https URL that may hold a secret, so messages do not repeat it. */
export const webUrl: Reader<string> = textAs({
  expected: 'an http:// or https:// URL',
  code: 'bad-url',
  secret: true,
  parse: (written) => {
    const url = URL.parse(written);
    return url !== null && isHttp(url) && /^https?:\/\/[^\s]+$/i.test(written) ? url.href : undefined;
  },
});

/** `redis://` or `rediss://`, with an optional database number as path. ioredis needs the scheme in lower case. */
export const redisUrl: Reader<string> = textAs({
  expected: 'a URL such as redis://127.0.0.1:6379/0 (rediss:// for TLS)',
  code: 'bad-url',
  secret: true,
  parse: (written) => {
    const url = URL.parse(written);
    const known =
      url !== null && /^rediss?:$/.test(url.protocol) && url.hostname !== '' && /^\/?\d*$/.test(url.pathname);
    // The client would read a query as options that override ours.
    const isPlain = url?.search === '' && url.hash === '';
    return known && isPlain && isEncoded(url.username) && isEncoded(url.password) ? url.href : undefined;
  },
});

/** Whether a user name or password can be decoded: a literal percent sign is written `%25`. */
function isEncoded(part: string): boolean {
  try {
    decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}

export const sitePath: Reader<string> = textAs({
  expected: 'a path that begins with a single /, such as /docs?page=2',
  code: 'bad-url',
  parse: (written) => (/^\/(?![/\\])[^\s#\\]*$/.test(written) ? written : undefined),
});

/** A Host to answer for; `*.` in front matches every name below. */
export const hostPattern: Reader<string> = textAs({
  expected: 'a host name such as www.example.org or *.example.org, without a port',
  code: 'bad-address',
  parse: (written) => {
    const host = written.startsWith('[') ? written.slice(1, written.endsWith(']') ? -1 : 0) : undefined;
    if (host !== undefined) return ipaddr.IPv6.isValid(host) ? written.toLowerCase() : undefined;
    return isHost(written.replace(/^\*\./, '')) ? written.toLowerCase() : undefined;
  },
});

export const cidr: Reader<string> = textAs({
  expected:
    'an IP address or a CIDR block such as 10.0.0.0/8 or fd00::/8, or unix: for clients of a Unix socket',
  code: 'bad-cidr',
  parse: (written) => (written === unixPeer ? written : parseCidr(written)),
});

function parseCidr(written: string): string | undefined {
  const [base = '', bits, ...rest] = written.split('/');
  const known = ipaddr.IPv4.isValidFourPartDecimal(base) || ipaddr.IPv6.isValid(base);
  if (!known || rest.length > 0 || base.includes('%')) return undefined;
  const parsed = ipaddr.parse(base);
  const width = parsed.kind() === 'ipv4' ? 32 : 128;
  if (bits !== undefined && !/^\d{1,3}$/.test(bits)) return undefined;
  const length = bits === undefined ? width : Number(bits);
  if (length > width) return undefined;
  const network = parsed.kind() === 'ipv4' ? ipaddr.IPv4 : ipaddr.IPv6;
  return `${network.networkAddressFromCIDR(`${base}/${length}`).toString()}/${length}`;
}

export const headerName: Reader<string> = textAs({
  expected: 'a valid header field name',
  code: 'bad-name',
  parse: (written) => (isToken(written) ? written.toLowerCase() : undefined),
});

/** A token, case-sensitive (RFC 6265 §4.1.1). */
export const cookieName: Reader<string> = textAs({
  expected: 'a valid cookie name',
  code: 'bad-name',
  parse: (written) => (isToken(written) ? written : undefined),
});

/** Whether a text can be the decoded name of a query parameter; `*` is allowed. */
export const isParameterName = (name: string): boolean => /^[^&=#\s]+$/.test(name);

export const parameterName: Reader<string> = textAs({
  expected: 'a valid query parameter name',
  code: 'bad-name',
  parse: (written) => (isParameterName(written) ? written : undefined),
});

/** The name in a certificate: a host name, not an address (RFC 6066 §3). */
export const serverName: Reader<string> = textAs({
  expected: 'a host name such as app.example.org, without a port',
  code: 'bad-name',
  parse: (written) => (isHostName(written) && !/^[\d.]+$/.test(written) ? written.toLowerCase() : undefined),
});
