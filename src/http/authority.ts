/** Writes a host and port in one spelling (RFC 3986 §6.2.2.1, §6.2.3; RFC 9110 §4.2.3). Anything else is refused. */

/** The authority in lower case, without default port and trailing dot; undefined if invalid. */
export function canonicalAuthority(raw: string, scheme: 'http' | 'https'): string | undefined {
  if (raw.length > longestAuthority) return undefined;
  const [, host = '', port = ''] = hostAndPort.exec(raw) ?? [];
  const name = host.startsWith('[') ? ipv6(host) : hostName(host.toLowerCase());
  if (name === undefined || Number(port) > 65_535) return undefined;
  const number = String(Number(port));
  return port === '' || number === defaultPorts[scheme] ? name : `${name}:${number}`;
}

const longestAuthority = 260;
const hostAndPort = /^([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(\d{0,5}))?$/i;
const defaultPorts = { http: '80', https: '443' } as const;

function hostName(host: string): string | undefined {
  const name = host.endsWith('.') ? host.slice(0, -1) : host;
  return name === '' || name.startsWith('.') || name.endsWith('.') || name.includes('..') ? undefined : name;
}

const ipv6 = (host: string): string | undefined => URL.parse(`http://${host}/`)?.hostname;
