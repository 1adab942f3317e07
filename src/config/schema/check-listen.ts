/**
 * Reads the section `listen`: where clients come in, and how they are spoken to.
 */

import { isSeq } from 'yaml';
import { type Listen, type ListenAddress, type ListenTls, defaults } from '../config.ts';
import { tlsVersions } from './listen-config.ts';
import { address, cidr, hostPattern, listenAddress } from '../reader/read-address.ts';
import { bool, text, word, wordOrNumber } from '../reader/read-scalar.ts';
import {
  type ListRead,
  type Reader,
  type Reading,
  type Shape,
  failed,
  listOf,
  notEmpty,
  optional,
  or,
  orShort,
  placed,
  type Placed,
  placeOfKey,
  required,
  section,
  then,
} from '../reader/reader.ts';

const workers = wordOrNumber('auto', { min: 1, max: 1024, whole: true });

const tlsKeys = {
  cert: required(text),
  key: required(text),
  server_name: optional(hostPattern),
  ca: optional(text),
  min_version: optional(word(tlsVersions)),
  ciphers: optional(text),
};
type TlsEntry = Shape<typeof tlsKeys>;
const tlsEntry = section(tlsKeys);

/** A section, or a list of sections: one for each server name. */
const tls: Reader<ListenTls> = {
  schema: { anyOf: [tlsEntry.schema, notEmpty(listOf(tlsEntry)).schema] },
  read(node, at) {
    if (isSeq(node)) return then(notEmpty(listOf(placed(tlsEntry), checkTlsList)), tlsOf).read(node, at);
    const only = tlsEntry.read(node, at);
    return only === failed ? failed : tlsOf([{ value: only, place: [0, 0] }]);
  },
};

/** OpenSSL has chosen these before it knows which server a client asks for. */
function checkTlsList({ items: [, ...others] }: ListRead<Placed<TlsEntry>>, at: Reading): void {
  for (const { value, place } of others) {
    if (value.ca === undefined && value.minVersion === undefined && value.ciphers === undefined) continue;
    at.report(
      'conflicting-keys',
      '`ca`, `min_version` and `ciphers` hold for the whole listener; give them in the first entry',
      place,
    );
  }
}

function tlsOf(entries: readonly Placed<TlsEntry>[]): ListenTls | typeof failed {
  const first = entries[0]?.value;
  if (first === undefined) return failed;
  const { ca, minVersion = defaults.listenTls.minVersion, ciphers } = first;
  const certificates = entries.map(({ value: { cert, key, serverName } }) => ({ cert, key, serverName }));
  return { certificates, ca, minVersion, ciphers };
}

const listenSection = section(
  {
    address: or(listenAddress, { host: defaults.listen.host, port: defaults.listen.port }),
    hosts: optional(listOf(hostPattern)),
    trusted_proxies: or(listOf(cidr), defaults.listen.trustedProxies),
    proxy_protocol: or(bool, defaults.listen.proxyProtocol),
    tls: optional(tls),
    redirect: optional(address),
    h2c: or(bool, defaults.listen.h2c),
    fast_lane: or(bool, defaults.listen.fastLane),
    workers: or(workers, defaults.listen.workers),
  },
  ({ h2c, proxyProtocol, trustedProxies }, at, node) => {
    if (proxyProtocol === true && trustedProxies?.length === 0)
      at.report(
        'missing-key',
        '`proxy_protocol` requires `trusted_proxies`: who may say for which client a connection is',
        placeOfKey(node, 'proxy_protocol'),
      );
    if (node.has('redirect') && !node.has('tls'))
      at.report('missing-key', '`redirect` requires `tls`', placeOfKey(node, 'redirect'));
    if (h2c === true && node.has('tls'))
      at.report(
        'conflicting-keys',
        'with `tls` HTTP/2 is agreed on in the handshake',
        placeOfKey(node, 'h2c'),
      );
  },
);

/** The default `listen`, at this address. */
export const listenAt = (at: ListenAddress): Listen => ({
  ...defaults.listen,
  hosts: undefined,
  tls: undefined,
  redirect: undefined,
  host: at.host,
  port: at.port,
  path: at.path,
  systemd: at.systemd,
});

/** `listen`, or its address alone. */
export const listen: Reader<Listen> = orShort(
  then(listenAddress, listenAt),
  then(
    listenSection,
    ({ address, hosts, trustedProxies, proxyProtocol, fastLane, workers, h2c, tls, redirect }): Listen => ({
      ...address,
      hosts,
      trustedProxies,
      proxyProtocol,
      fastLane,
      workers,
      h2c,
      tls,
      redirect,
    }),
  ),
);
