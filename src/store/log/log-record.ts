/**
 * A purge as a record of the shared log. Versions share a log: fields are only added; what cannot be read purges
 * everything.
 */

import type { Tag } from '../../policy/rules/tags.ts';
import type { Purge, PurgeCause } from '../purge-log.ts';

/** A record either begins a log or holds a purge. `wantsAck`: the sender waits until all instances have read it. */
type RecordContent =
  { readonly kind: 'start' } | { readonly kind: 'purge'; readonly purge: Purge; readonly wantsAck: boolean };

export const startPayload = 'start';

const causes: readonly PurgeCause[] = ['write', 'unmatched-write', 'api', 'group', 'app', 'reload'];

/** The payload of a purge's record. */
export function encodePurge(purge: Purge, { wantsAck }: { wantsAck: boolean }): string {
  return JSON.stringify({
    v: 1,
    t: purge.tags,
    p: purge.prefixes.map(({ host, start }) => [host ?? null, start]),
    e: purge.everything,
    s: purge.soft,
    c: purge.cause,
    a: wantsAck,
    r: purge.rule,
  });
}

/** Parses a payload. */
export function decodeRecord(payload: string): RecordContent {
  if (payload === startPayload) return { kind: 'start' };
  const read = parse(payload);
  return {
    kind: 'purge',
    purge: (read && purgeOf(read)) ?? everythingPurge,
    wantsAck: read?.['a'] === true,
  };
}

/** Stands for purges that cannot be listed one by one. */
export const everythingPurge: Purge = {
  tags: [],
  prefixes: [],
  everything: true,
  soft: false,
  cause: 'write',
};

function parse(payload: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(payload);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function purgeOf({ v, t, p, e, s, c, r }: Record<string, unknown>): Purge | undefined {
  const isKnown = v === 1 && typeof e === 'boolean' && typeof s === 'boolean';
  if (!isKnown || !Array.isArray(t) || !Array.isArray(p)) return undefined;
  if (!t.every((tag) => typeof tag === 'string')) return undefined;
  const prefixes = p.map(prefixOf);
  if (!prefixes.every((prefix) => prefix !== undefined)) return undefined;
  const cause = causes.find((known) => known === c) ?? 'write';
  const rule = typeof r === 'string' ? { rule: r } : {};
  return { tags: t as Tag[], prefixes, everything: e, soft: s, cause, ...rule };
}

function prefixOf(pair: unknown): Purge['prefixes'][number] | undefined {
  if (!Array.isArray(pair)) return undefined;
  const [host, start] = pair as unknown[];
  if (typeof start !== 'string' || (host !== null && typeof host !== 'string')) return undefined;
  return { host: host ?? undefined, start };
}
