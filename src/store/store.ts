/**
 * The contract of a store of responses, and what a stored response is.
 *
 * Promises every store keeps (test/store/conformance.ts):
 * - what `put` was given comes back byte for byte, or not at all; never for another key;
 * - a stored response is whole, holds no Set-Cookie and no hop-by-hop field (DESIGN §3.5, §3.6; its caller sees to that);
 * - `asOf` is the purge log's position from before the origin was asked (DESIGN §3.7): the store never decides whether an
 *   entry is still current, it only remembers what is needed to tell;
 * - memory is bounded by bytes, variants of one key by number.
 */

import type { Fields } from '../http/message.ts';
import type { StoredPolicy } from '../http/reuse.ts';
import type { SelectedVariant } from '../http/vary.ts';
import type { EpochMs, Seconds } from '../kit/time.ts';
import type { CacheKey } from '../policy/key/cache-key.ts';
import type { LifetimeBasis } from '../policy/lifetime/stored-lifetime.ts';
import type { Tag } from '../policy/rules/tags.ts';
import type { Position, PurgeCause } from './purge-log.ts';

/** A stored response: one variant of one key. */
export type Entry = {
  readonly key: CacheKey;
  /** Which variant of the key this is: the names and values that selected it, the same for the same variant. */
  readonly variant: string;
  readonly selection: SelectedVariant;
  readonly status: number;
  /** End-to-end fields as the origin sent them, in order, without Set-Cookie. */
  readonly fields: Fields;
  /** In the `coding`; `fields` speak of the representation without it. */
  readonly body: Buffer;
  /** The coding applied here, for storing; not one of the origin's, which is in `fields` and part of the representation. */
  readonly coding: 'gzip' | undefined;
  /** Absent: `body` is the whole representation. Otherwise which bytes it holds of how many (RFC 9111 §3.3). */
  readonly part: StoredPart | undefined;
  readonly policy: StoredPolicy;
  /** What the lifetime in `policy` was made of. */
  readonly basis: LifetimeBasis;
  readonly requestTime: EpochMs;
  readonly responseTime: EpochMs;
  readonly asOf: Position;
  readonly tags: readonly Tag[];
  /** Canonical path and query as sent to the origin, and the host it was asked for. */
  readonly target: string;
  readonly host: string;
  /** Name of the content type whose rule stored it. */
  readonly contentType: string;
  /** `public`, `anonymous`, or the digest of an identity. */
  readonly partition: string;
  /** How long the origin took, for choosing what is worth renewing. */
  readonly originSeconds: Seconds;
};

/** Bytes `first` to `last` inclusive of a representation of `complete` bytes. */
export type StoredPart = { readonly first: number; readonly last: number; readonly complete: number };

/** What a store holds now. */
export type StoreSize = { readonly entries: number; readonly bytes: number };

/** Where stored responses live. */
export interface Store {
  /** The variants of a key that can be told at once, the one stored last first. */
  peek(key: CacheKey): readonly Entry[];
  /**
   * The variants of a key, wherever they are. Never rejects: a store that cannot answer has none. `sinceMs`: the monotonic
   * instant since when whoever would fetch it has been waiting, so that all waiting for Redis is bounded together
   * (DESIGN §3.9); without it somebody only looks, and will neither `put` nor `abandon` it.
   */
  get(key: CacheKey, sinceMs?: number): Promise<readonly Entry[]>;
  /** Whether `get` may know more than `peek`. */
  readonly hasSlowTier: boolean;
  /** Whether the slow tier could not be asked lately: what it has is not known. */
  readonly isDown: boolean;
  /**
   * Stores an entry, in place of the same variant of the same key. `smaller`, if given, is the same entry compressed (or
   * `undefined` when it got no smaller): it takes the entry's place when it is ready. A slow tier waits for it.
   */
  put(entry: Entry, smaller?: Promise<Entry | undefined>): void;
  /**
   * Tells that an entry has answered a request: what is not used for longest goes first. `isFirst`: the request for which it
   * came to be at hand.
   */
  use(entry: Entry, isFirst?: boolean): void;
  /** How many requests an entry at hand has answered. */
  uses(entry: Entry): number;
  /** Drops one variant. */
  remove(entry: Entry): void;
  /** What ended the entry that the slow tier had last under a key; `undefined`: nothing that is known. */
  endedBy?(key: CacheKey): PurgeCause | 'forgotten' | undefined;
  /** Who is told how long the slow tier took to write. */
  onSlowWrite?: ((operation: 'set' | 'delete', duration: Seconds) => void) | undefined;
  /** The fetch for a key that `get` found nothing for has ended, with nothing to put: whoever waits for it need not. */
  abandon?(key: CacheKey): void;
  /** From now on gives of each entry what `inForce` makes of it: the same response, by another lifetime. */
  applyLifetimes(inForce: LifetimeInForce): void;
  /** An entry of `entries` by the lifetime it has now. */
  inForce(entry: Entry): Entry;
  /** Every entry at hand, for operators, by whatever lifetime it had last; never on the request path. */
  entries(): Iterable<Entry>;
  /** What a slow tier holds besides, as far as it can be looked through in the limits; never on the request path. Never rejects. */
  census?(limits: CensusLimits): Promise<Census>;
  size(): StoreSize;
}

/** An entry by the lifetime the configuration gives it now; itself, if that is the one it has. */
export type LifetimeInForce = (entry: Entry) => Entry;

/** An entry without its body, of which the size is known. */
export type EntryHead = Omit<Entry, 'body'> & { readonly bodyBytes: number };

/** An entry as those see it who may not have its body. */
export const headOf = (entry: Entry): EntryHead => {
  const { body, ...head } = entry;
  return { ...head, bodyBytes: body.length };
};

/** Which entries are looked for, and how long. */
export type CensusLimits = {
  readonly isWanted: (head: EntryHead) => boolean;
  readonly mostMs: number;
};

/** What was found; `isWhole`: everything has been looked at. */
export type Census = { readonly found: readonly EntryHead[]; readonly isWhole: boolean };

/** What tells one variant of one key from all others. */
export const nameOf = ({ key, variant }: Pick<Entry, 'key' | 'variant'>): string => `${key} ${variant}`;

/** How many variants of one key are kept (DESIGN §3.10). */
export const maxVariants = 16;

/** What one more entry costs the process besides its texts and its body, objects, keys and the slack of both heaps: measured. */
const aroundEntryBytes = 5000;

/** What an entry weighs: its body, its fields as strings, and what the structures around them cost. */
export function entryBytes({ body, target, fields, tags }: Entry): number {
  return headBytes({ target, fields, tags, bodyBytes: body.length });
}

/** The same of an entry whose body is elsewhere. */
export function headBytes({
  bodyBytes,
  target,
  fields,
  tags,
}: Pick<EntryHead, 'bodyBytes' | 'target' | 'fields' | 'tags'>): number {
  let bytes = aroundEntryBytes + bodyBytes + target.length;
  for (const text of fields) bytes += 24 + text.length;
  for (const tag of tags) bytes += 24 + tag.length;
  return bytes;
}
