/** Reads how we log in to Redis: user, password and TLS. Checks which of these go with a URL, a Cluster or Sentinels. */

import type { YAMLMap } from 'yaml';
import type { RedisLogin, RedisTls } from '../config.ts';
import { bool, text } from '../reader/read-scalar.ts';
import {
  type Reader,
  type Reading,
  type Shape,
  optional,
  orShort,
  placeOfKey,
  section,
  then,
} from '../reader/reader.ts';
import { checkPair, clientOf, tlsKeys } from './tls-keys.ts';

const tlsSection = section(tlsKeys, (_, at, node) => {
  checkPair(at, node);
});

const tls: Reader<RedisTls | undefined> = orShort(
  then(bool, (isOn) => (isOn ? { ca: undefined, client: undefined } : undefined)),
  then(tlsSection, ({ ca, cert, key }) => ({
    ca,
    client: clientOf(cert, key),
  })),
);

export const redisAccessKeys = {
  username: optional(text),
  password: optional(text),
  sentinel_username: optional(text),
  sentinel_password: optional(text),
  tls: optional(tls),
};

type Access = Shape<typeof redisAccessKeys>;

/** Reports combinations that do not work. */
export function checkAccess(
  read: Partial<Access> & { readonly url?: string | undefined },
  at: Reading,
  node: YAMLMap,
): void {
  const refuse = (key: string, why: string): void =>
    at.report('conflicting-keys', why, placeOfKey(node, key));
  const url = read.url === undefined ? undefined : new URL(read.url);
  for (const key of ['username', 'password'] as const) {
    if (node.has(key) && (url?.[key] ?? '') !== '') refuse(key, `the URL already has a ${key}`);
  }
  for (const key of ['sentinel_username', 'sentinel_password']) {
    if (node.has(key) && !node.has('sentinels')) refuse(key, `\`${key}\` requires \`sentinels\``);
  }
  const isTlsOff = node.has('tls') && 'tls' in read && read.tls === undefined;
  if (isTlsOff && url?.protocol === 'rediss:') refuse('tls', '`rediss://` in the URL already turns TLS on');
  // A user without a password would not be sent, and Redis would use its default user.
  const needs = (user: string, password: string): void =>
    at.report('missing-key', `a user name requires \`${password}\``, placeOfKey(node, user));
  const hasPassword = node.has('password') || (url?.password ?? '') !== '';
  if (node.has('username') && !hasPassword) needs('username', 'password');
  else if ((url?.username ?? '') !== '' && !hasPassword) needs('url', 'password');
  if (node.has('sentinel_username') && !node.has('sentinel_password'))
    needs('sentinel_username', 'sentinel_password');
}

/** The login, or `undefined` without a password. */
export const loginOf = (
  username: string | undefined,
  password: string | undefined,
): RedisLogin | undefined => (password === undefined ? undefined : { username, password });

/** The URL with the separate settings included. */
export function wholeUrl(
  url: string,
  { username, password, tls, database }: Partial<Access> & { readonly database?: number | undefined },
): string {
  const whole = new URL(tls === undefined ? url : url.replace(/^redis:/, 'rediss:'));
  if (database !== undefined) whole.pathname = `/${database}`;
  if (username !== undefined) whole.username = encodeURIComponent(username);
  if (password !== undefined) whole.password = encodeURIComponent(password);
  return whole.href;
}
