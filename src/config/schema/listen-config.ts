/** The checked form of the section `listen`. */

import type { Address, ListenAddress } from '../reader/address.ts';

export type Listen = ListenAddress & {
  /** Lower case, without port; `*.example.org` matches every name below it. Absent: every Host. */
  readonly hosts: readonly string[] | undefined;
  /** CIDR blocks, canonical (`10.0.0.0/8`, `::1/128`), and `unix:`; none by default. */
  readonly trustedProxies: readonly string[];
  /** Whether each connection begins with the PROXY protocol's header, from a trusted proxy. */
  readonly proxyProtocol: boolean;
  /** Whether plain requests are answered without node:http. */
  readonly fastLane: boolean;
  /** The number of processes that serve; `auto`: one for each core. */
  readonly workers: number | 'auto';
  /** HTTP/2 without TLS, for clients that know it is there. */
  readonly h2c: boolean;
  /** Absent: plain HTTP. */
  readonly tls: ListenTls | undefined;
  /** Where plain HTTP is redirected to `https`; with `tls` only. */
  readonly redirect: Address | undefined;
};

/** TLS to clients. Paths of PEM files are resolved against the configuration file's folder. */
export type ListenTls = {
  /** At least one; the first is for clients that name no server or an unknown one. */
  readonly certificates: readonly ServerCertificate[];
  /** The authority that must have signed a client's certificate. Absent: clients need none. */
  readonly ca: string | undefined;
  readonly minVersion: TlsVersion;
  /** In OpenSSL's format. Absent: Node's. */
  readonly ciphers: string | undefined;
};

export type ServerCertificate = {
  readonly cert: string;
  readonly key: string;
  /** The name it is for; `*.` in front matches every name below. Absent: the names in the certificate. */
  readonly serverName: string | undefined;
};

export type TlsVersion = (typeof tlsVersions)[number];

export const tlsVersions = ['1.2', '1.3'] as const;
