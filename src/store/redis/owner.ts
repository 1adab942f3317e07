/**
 * Whose a prefix in Redis is. Two installations that share one by mistake must not read each other's pages, so the first
 * writes down who it is, and every round trip of the log compares (log/log-script.ts). Pure.
 */

import { hash } from 'node:crypto';
import type { Config } from '../../config/config.ts';

/** An installation: all instances of one site. */
export type Owner = {
  /** What people call it: `store.redis.owner`, else the URL of the upstream. */
  readonly name: string;
  /** Tells installations apart whose upstreams are written alike. */
  readonly fingerprint: string;
};

/** Somebody else has the prefix, for so long unless he is heard of again. */
export type Refusal = { readonly kind: 'refused'; readonly by: string; readonly freeInMs: number };

/** How long a prefix stays its owner's after the last of his instances was heard of. */
export const ownedForMs = 5 * 60_000;

/**
 * The installation a configuration is of. Only what a restart changes counts: a reload must not make a stranger of an
 * instance. No secret counts either: its digest in Redis could be guessed at.
 */
export function ownerOf({ upstream, listen, store }: Pick<Config, 'upstream' | 'listen' | 'store'>): Owner {
  const named = store.redis?.owner;
  const hosts = [...(listen.hosts ?? [])].sort();
  const material = named === undefined ? [upstream.url, upstream.host, hosts] : [named];
  const fingerprint = hash('sha256', JSON.stringify(material)).slice(0, 12);
  return { name: named ?? upstream.url, fingerprint };
}

/** An owner as it is written down, and shown. */
export const ownerText = ({ name, fingerprint }: Owner): string => `${name} (${fingerprint})`;

/** What the log says of a refusal. */
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
