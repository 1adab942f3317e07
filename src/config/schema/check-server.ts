/**
 * Reads the sections `listen`, `control` and `log`.
 */

import { type Control, type Listen, defaults, logLevels } from '../config.ts';
import { address, cidr, hostPattern } from '../reader/read-address.ts';
import { bool, text, word, wordOrNumber } from '../reader/read-scalar.ts';
import {
  type Reader,
  failed,
  listOf,
  optional,
  or,
  orShort,
  required,
  section,
  then,
} from '../reader/reader.ts';

/** Shorter control tokens are refused (CONTRACT §2). */
export const shortestToken = 32;

const workers = wordOrNumber('auto', { min: 1, max: 1024, whole: true });

/** Reads a key of the contract that is not implemented yet: setting it is a problem. */
function notBuilt<T>(reader: Reader<T>, what: string, isAsked: (value: T) => boolean): Reader<undefined> {
  return then(reader, (value, place, at) => {
    if (!isAsked(value)) return undefined;
    at.report('not-built', `${what} is not built yet: put nginx in front`, place);
    return failed;
  });
}

const listenSection = section({
  address: or(address, { host: defaults.listen.host, port: defaults.listen.port }),
  hosts: optional(listOf(hostPattern)),
  trusted_proxies: or(listOf(cidr), defaults.listen.trustedProxies),
  tls: optional(
    notBuilt(section({ cert: required(text), key: required(text) }), 'TLS to clients', () => true),
  ),
  fast_lane: or(bool, defaults.listen.fastLane),
  workers: optional(notBuilt(workers, 'more than one process', (count) => count !== 1)),
});

/** The default `listen`, at this address. */
export const listenAt = (at: { readonly host: string; readonly port: number }): Listen => ({
  ...defaults.listen,
  hosts: undefined,
  host: at.host,
  port: at.port,
});

/** `listen`, or its address alone. */
export const listen: Reader<Listen> = orShort(
  then(address, listenAt),
  then(listenSection, ({ address, hosts, trustedProxies, fastLane }): Listen => ({
    ...address,
    hosts,
    trustedProxies,
    fastLane,
  })),
);

const token: Reader<string> = then(text, (value, place, at) => {
  if (value.length >= shortestToken) return value;
  at.report(
    'token-too-short',
    `must have at least ${shortestToken} characters; generate one with: openssl rand -hex 32`,
    place,
  );
  return failed;
});

const controlSection = section({
  address: or(address, { host: defaults.control.host, port: defaults.control.port }),
  token: optional(token),
});

/** The caller adds the environment's token if there is none here. */
export const control: Reader<Control> = then(controlSection, (read): Control => ({
  ...read.address,
  token: read.token,
}));

export const log = section({ level: or(word(logLevels), defaults.log.level) });
