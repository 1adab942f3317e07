/**
 * The contract of a store of responses, and what a stored response is.
 *
 * Promises every store keeps (test/store/conformance.ts):
 * - What was given to `put` comes back byte for byte, or not at all, and never for another key.
 * - A stored response is complete and has no Set-Cookie and no hop-by-hop field (DESIGN §3.5, §3.6; the caller's duty).
 * - `asOf` is the purge log's position from before the origin was asked (DESIGN §3.7). The store only keeps it, and
 *   never decides whether an entry is current.
 * - Memory is bounded by bytes, and the variants of one key by number.
 */

import type { Fields } from '../http/message.ts';
import type { StoredPolicy } from '../http/reuse.ts';
import type { SelectedVariant } from '../http/vary.ts';
import type { EpochMs, Seconds } from '../kit/time.ts';
import type { CacheKey } from '../policy/key/cache-key.ts';
import type { LifetimeBasis } from '../policy/lifetime/stored-lifetime.ts';
import type { Tag } from '../policy/rules/tags.ts';
import type { Position, PurgeCause } from './purge-log.ts';

export type Entry = {
  readonly key: CacheKey;
  readonly variant: string;
  readonly selection: SelectedVariant;
  readonly status: number;
  /** End-to-end fields as the origin sent them, in order, without Set-Cookie. */
  readonly fields: Fields;
  /** In the `coding`; `fields` describe the representation without it. */
  readonly body: Buffer;
  /** The coding applied here for storing. The origin's own codings are in `fields` and part of the representation. */
  readonly coding: 'gzip' | undefined;
  /** Absent: `body` is the whole representation. Otherwise the byte range that it holds (RFC 9111 §3.3). */
  readonly part: StoredPart | undefined;
  readonly policy: StoredPolicy;
  readonly basis: LifetimeBasis;
  readonly requestTime: EpochMs;
  readonly responseTime: EpochMs;
  readonly asOf: Position;
  readonly tags: readonly Tag[];
  /** Canonical path and query as sent to the origin, and the host of the request. */
  readonly target: string;
  readonly host: string;
  readonly contentType: string;
  /** `public`, `anonymous`, or the digest of an identity. */
  readonly partition: string;
  /** How long the origin took, for choosing what is worth renewing. */
  readonly originSeconds: Seconds;
};

/** Bytes `first` to `last` inclusive of a representation of `complete` bytes. */
export type StoredPart = { readonly first: number; readonly last: number; readonly complete: number };

export type StoreSize = { readonly entries: number; readonly bytes: number };

export type IsEnough = (variants: readonly Entry[]) => boolean;

export interface Store {
  /** The variants of a key that are available synchronously, last stored first. */
  peek(key: CacheKey): readonly Entry[];
  /**
   * The variants of a key in any tier. Never rejects. `sinceMs`: since when the request that would fetch it has been
   * waiting, so that all its waiting for Redis has one bound (DESIGN §3.9). Without it the caller only looks, and will
   * neither `put` nor `abandon`. `isEnough`: whether what is found answers it, so that no other process need be asked; by
   * default anything that is current does.
   */
  get(key: CacheKey, sinceMs?: number, isEnough?: IsEnough): Promise<readonly Entry[]>;
  /** Whether `get` may find more than `peek`. */
  readonly hasSlowTier: boolean;
  /** Whether the slow tier has failed lately, so that its contents are unknown. */
  readonly isDown: boolean;
  /**
   * Stores an entry in the place of the same variant. `smaller`: the same entry compressed, if that saves anything; it
   * replaces the entry when it is ready, and a slow tier waits for it.
   */
  put(entry: Entry, smaller?: Promise<Entry | undefined>): void;
  /** Records that an entry has answered a request. `isFirst`: the one for which it was brought into memory. */
  use(entry: Entry, isFirst?: boolean): void;
  /** How many requests an entry in memory has answered. */
  uses(entry: Entry): number;
  remove(entry: Entry): void;
  /** What ended the entry that the slow tier last had under a key; `undefined`: unknown. */
  endedBy?(key: CacheKey): PurgeCause | 'forgotten' | undefined;
  /**
   * The fetch for a key has ended, with nothing to put: whoever waits for it need not. `isStored`: it was to renew what is
   * stored.
   */
  abandon?(key: CacheKey, isStored: boolean): void;
  /** From now on returns entries as `inForce` changes them: the same response with another lifetime. */
  applyLifetimes(inForce: LifetimeInForce): void;
  /** All entries in memory, for operators, with whatever lifetime they had last; never on the request path. */
  entries(): Iterable<Entry>;
  /** What a purge of them would be matched by: a quarter of the cost of `entries`. */
  subjects(): Iterable<StoredSubject>;
  /** The entry of a subject, with its current lifetime; `undefined` if it is gone. */
  inForce(subject: Pick<Entry, 'key' | 'variant'>): Entry | undefined;
  /** What a slow tier holds besides, as far as the limits allow; never on the request path. Never rejects. */
  census?(limits: CensusLimits): Promise<Census>;
  size(): StoreSize;
}

/** Which entry it is, and what purges it. */
export type StoredSubject = Pick<Entry, 'key' | 'variant' | 'host' | 'target' | 'tags' | 'asOf'>;

/** Returns an entry with the lifetime of the current configuration; the same object if nothing changes. */
export type LifetimeInForce = (entry: Entry) => Entry;

/** An entry without its body, but with the body's size. */
export type EntryHead = Omit<Entry, 'body'> & { readonly bodyBytes: number };

/** An entry for those who may not see its body. */
export function headOf(entry: Entry): EntryHead {
  const { body, ...head } = entry;
  return { ...head, bodyBytes: body.length };
}

export type CensusLimits = {
  readonly isWanted: (head: EntryHead) => boolean;
  readonly mostMs: number;
};

/** `isWhole`: everything has been looked at. */
export type Census = { readonly found: readonly EntryHead[]; readonly isWhole: boolean };

/** Identifies one variant of one key. */
export const nameOf = ({ key, variant }: Pick<Entry, 'key' | 'variant'>): string => `${key} ${variant}`;

/** How many variants of one key are kept (DESIGN §3.10). */
export const maxVariants = 16;

/** What an entry counts as besides its texts and body: 534 bytes of its own, and a share of views, plans and the holes of both heaps. */
const aroundEntryBytes = 3500;

/** The memory an entry takes: its body, its fields as strings, and the structures around them. */
export function entryBytes({ body, target, fields, tags }: Entry): number {
  return headBytes({ target, fields, tags, bodyBytes: body.length });
}

type Measured = Pick<EntryHead, 'bodyBytes' | 'target' | 'fields' | 'tags'>;

/** The same for an entry whose body is elsewhere. */
export function headBytes({ bodyBytes, target, fields, tags }: Measured): number {
  let bytes = aroundEntryBytes + bodyBytes + target.length;
  for (const text of fields) bytes += 24 + text.length;
  for (const tag of tags) bytes += 24 + tag.length;
  return bytes;
}
