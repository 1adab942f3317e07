/**
 * Entries in Redis: one hash for each key, one field for each variant, with an expiry on every hash.
 *
 * Promises: a lookup is one command. A hash is written with its expiry or not at all. Failures reject; tiered.ts decides
 * what they mean.
 */

import { hasField } from '../../http/fields.ts';
import type { Clock, EpochMs } from '../../kit/time.ts';
import type { CacheKey } from '../../policy/key/cache-key.ts';
import { decodeEntry, encodeEntry, type UnreadableReason } from './codec.ts';
import { GatheredWrites } from './gathered-writes.ts';
import { type RedisClient, within } from './connection.ts';
import type { RedisKeys } from './keys.ts';
import { type Stamp, stamped, unstamped } from './stamps.ts';
import { type Entry, maxVariants } from '../store.ts';

type RedisEntriesOptions = {
  readonly reader: RedisClient;
  /** A separate connection: a large value in transit must not delay lookups. */
  readonly writer: RedisClient;
  readonly keys: RedisKeys;
  readonly instance: string;
  readonly clock: Clock;
  readonly readLimitMs: number;
  readonly writeLimitMs: number;
  readonly onUnreadable?: (reason: UnreadableReason) => void;
};

/** For all variants of one key together, unless a single one is larger: a lookup reads them all within the deadline. */
const mostBytes = 4 * 1024 * 1024;

const trimScript = `
local kept, most, bytes = ARGV[1], tonumber(ARGV[2]) - 1, tonumber(ARGV[3])
bytes = bytes - #(redis.call('HGET', KEYS[1], kept) or '')
for _, variant in ipairs(redis.call('HKEYS', KEYS[1])) do
  local size = variant ~= kept and #redis.call('HGET', KEYS[1], variant)
  if size and (most < 1 or size > bytes) then redis.call('HDEL', KEYS[1], variant)
  elseif size then most, bytes = most - 1, bytes - size end
end`;

/** Entries under one prefix of one Redis. */
export class RedisEntries {
  readonly #options: RedisEntriesOptions;
  readonly #lookups: GatheredWrites;

  constructor(options: RedisEntriesOptions) {
    this.#options = options;
    this.#lookups = new GatheredWrites(options.reader);
  }

  get(key: CacheKey): Promise<readonly Entry[]> {
    const { reader, keys, readLimitMs } = this.#options;
    this.#lookups.hold();
    return within(readLimitMs, reader.hgetallBuffer(keys.entry(key))).then(
      (found) => this.#readAll(key, found),
      (error: unknown) => {
        // One bad value does not mean that Redis is in trouble.
        if (!isOfOtherType(error)) throw error;
        this.#options.onUnreadable?.('not-ours');
        return [];
      },
    );
  }

  #readAll(key: CacheKey, found: Readonly<Record<string, Buffer>>): readonly Entry[] {
    const entries: Entry[] = [];
    for (const [variant, bytes] of Object.entries(found)) {
      const entry = this.#read(key, variant, bytes);
      if (entry !== undefined) entries.push(entry);
    }
    return entries.length < 2 ? entries : entries.sort((one, other) => other.responseTime - one.responseTime);
  }

  async put(entry: Entry, now: EpochMs): Promise<void> {
    const keepMs = Math.ceil(usefulUntil(entry) - now);
    if (keepMs <= 0) return;
    const stamp = this.stamp();
    const bytes = encodeEntry(stamped(entry, stamp), stamp);
    const { writer, keys, writeLimitMs } = this.#options;
    const name = keys.entry(entry.key);
    let results = await this.#write(name, { variant: entry.variant, bytes, keepMs });
    if (isOfOtherType(results?.[0]?.[0])) {
      await within(writeLimitMs, writer.del(name));
      results = await this.#write(name, { variant: entry.variant, bytes, keepMs });
    }
    const count = results?.[3]?.[1];
    if (typeof count === 'number' && count > 1) await this.#trim(entry);
  }

  #write(
    name: string,
    { variant, bytes, keepMs }: { variant: string; bytes: Buffer; keepMs: number },
  ): ReturnType<ReturnType<RedisClient['multi']>['exec']> {
    const { writer, writeLimitMs } = this.#options;
    const written = writer
      .multi()
      .hset(name, variant, bytes)
      .pexpire(name, keepMs, 'NX')
      .pexpire(name, keepMs, 'GT')
      .hlen(name)
      .exec();
    return within(writeLimitMs, written);
  }

  async remove({ key, variant }: Pick<Entry, 'key' | 'variant'>): Promise<void> {
    const { writer, keys, writeLimitMs } = this.#options;
    await within(writeLimitMs, writer.hdel(keys.entry(key), variant));
  }

  /** Any other variant may go: the hash is bounded, and no order of use is known here. */
  async #trim({ key, variant }: Entry): Promise<void> {
    const { writer, keys, writeLimitMs } = this.#options;
    const limits = [String(maxVariants), String(mostBytes)];
    await within(writeLimitMs, writer.eval(trimScript, 1, keys.entry(key), variant, ...limits));
  }

  /** What tells entries of this instance, and its clock, from others'. */
  stamp(): Stamp {
    const { instance, clock } = this.#options;
    return { by: instance, aheadMs: clock.aheadMs?.() ?? 0 };
  }

  #read(key: CacheKey, variant: string, bytes: Buffer): Entry | undefined {
    const decoded = decodeEntry(bytes, key);
    const isOurs = decoded.kind === 'entry' && decoded.entry.variant === variant;
    if (isOurs) {
      const timing = { stamp: decoded.stamp, reader: this.stamp(), now: this.#options.clock.now() };
      return unstamped(decoded.entry, timing);
    }
    this.#options.onUnreadable?.(decoded.kind === 'entry' ? 'other-key' : decoded.reason);
    return undefined;
  }
}

/** Whether Redis says that one of our keys is not a hash: someone else has written to it. */
export const isOfOtherType = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith('WRONGTYPE');

/** How long an entry is kept after its use for its validator, and the longest time for any entry. */
const validatorMs = 600_000;
const longestMs = 7 * 86_400_000;

/** The last instant at which an entry can answer a request, including stale or validated. */
export function usefulUntil({ policy, fields }: Entry): number {
  const { lifetime, initialAge, responseTime } = policy;
  const window = Math.max(policy.staleWhileRevalidate, policy.staleIfError, policy.staleIfDisconnected);
  const usedMs = Math.max(0, lifetime - initialAge + window) * 1000;
  const hasValidator = hasField(fields, 'etag') || hasField(fields, 'last-modified');
  return responseTime + Math.min(longestMs, usedMs + (hasValidator ? validatorMs : 0));
}
