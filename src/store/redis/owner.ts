/**
 * Who owns a prefix in Redis: two installations that share one by mistake must not read each other's pages. The first
 * records who it is, and every round trip of the log compares (log/log-script.ts).
 */

import { hash } from 'node:crypto';
import type { Config } from '../../config/config.ts';

/** An installation: all instances of one site. */
export type Owner = {
  /** Its readable name: `store.redis.owner`, else the URL of the upstream. */
  readonly name: string;
  readonly fingerprint: string;
};

/** Another installation owns the prefix; `freeInMs` until it expires, unless renewed. */
export type Refusal = { readonly kind: 'refused'; readonly by: string; readonly freeInMs: number };

/** How long a prefix stays owned after the last round trip of any of the owner's instances. */
export const ownedForMs = 5 * 60_000;

/**
 * The installation of a configuration. Only settings that need a restart count: after a reload it must still be the owner.
 * Secrets do not: their digest could be guessed.
 */
export function ownerOf({ upstream, listen, store }: Pick<Config, 'upstream' | 'listen' | 'store'>): Owner {
  const named = store.redis?.owner;
  const hosts = [...(listen.hosts ?? [])].sort();
  const material = named === undefined ? [upstream.url, upstream.host, hosts] : [named];
  const fingerprint = hash('sha256', JSON.stringify(material)).slice(0, 12);
  return { name: named ?? upstream.url, fingerprint };
}

/** An owner as stored and shown. */
export const ownerText = ({ name, fingerprint }: Owner): string => `${name} (${fingerprint})`;

/** The log message for a refusal. */
export function describeRefusal(
  { by, freeInMs }: Refusal,
  { prefix, owner, key }: { readonly prefix: string; readonly owner: Owner; readonly key: string },
): string {
  const freeIn = `${Math.ceil(freeInMs / 1000)} s`;
  return (
    `the prefix ${prefix} belongs to ${by}; this is ${ownerText(owner)}. Give this installation another ` +
    `store.redis.prefix. If it replaces the other one, stop that one: the prefix is free ${freeIn} later, ` +
    `or at once after DEL ${key}`
  );
}
