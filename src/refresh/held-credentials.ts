/**
 * The last credentials of people seen lately, for renewing what is theirs (`refresh: type`).
 *
 * Promises: in this process's memory only, never in a store, a log, a metric or a file; bounded; dropped when their user is
 * purged (a logout that a write rule lists does that), when the origin does not take them any more, and when their owner has
 * not been seen for as long as the rule says.
 */

import { type Cookie, formatCookies, parseCookieLine } from '../http/cookies.ts';
import { combinedValue, withoutFields } from '../http/fields.ts';
import type { Fields } from '../http/message.ts';
import { BoundedMap } from '../kit/bounded-map.ts';
import type { Seconds } from '../kit/time.ts';
import { partitionTag, userTag } from '../policy/rules/entry-tags.ts';
import type { CacheExchange } from '../proxy/exchange/exchange.ts';
import type { PurgeLog, PurgeSubject } from '../store/purge-log.ts';

/** Somebody's. */
export type Held = {
  readonly cookies: readonly Cookie[];
  readonly authorization: string | undefined;
  readonly tokenFields: Fields;
  /** Their owner's address, as the origin is told it: some apps end a session that comes from another. */
  readonly forwardedFor: string;
  /** When they came, on the monotonic clock. */
  seenMs: number;
  /** What a purge of their owner meets. */
  readonly subject: PurgeSubject;
};

const mostPeople = 2000;

/** Credentials by partition. */
export class HeldCredentials {
  readonly #purgeLog: Pick<PurgeLog, 'position' | 'verdict'>;
  readonly #held = new BoundedMap<string, Held>(mostPeople);

  constructor(purgeLog: Pick<PurgeLog, 'position' | 'verdict'>) {
    this.#purgeLog = purgeLog;
  }

  get size(): number {
    return this.#held.size;
  }

  /** Holds on to what a request brought, in place of what its sender's last one did. */
  note({ identity, request }: CacheExchange, nowMs: number): void {
    if (identity.kind !== 'known') return;
    const { partition, user, cookies, tokenFields } = identity;
    const tags = [userTag(user), partitionTag(user)];
    this.#held.set(partition, {
      cookies,
      authorization: request.known.authorization,
      tokenFields,
      forwardedFor: request.forwardedFor,
      seenMs: nowMs,
      subject: { asOf: this.#purgeLog.position(), tags, host: '', target: '' },
    });
  }

  /** The credentials of somebody seen within `limit`; those that are older or purged are forgotten. */
  get(partition: string, { nowMs, limit }: { nowMs: number; limit: Seconds }): Held | undefined {
    const held = this.#held.get(partition);
    if (held === undefined) return undefined;
    const isOld = nowMs - held.seenMs > limit * 1000;
    if (!isOld && this.#purgeLog.verdict(held.subject).kind === 'current') return held;
    this.#held.delete(partition);
    return undefined;
  }

  /** The origin does not take them, or they are of no use. */
  drop(partition: string): void {
    this.#held.delete(partition);
  }

  /** Forgets whoever has not been seen for so long, and whoever was purged. */
  forgetOld(nowMs: number, limit: Seconds): void {
    for (const [partition] of [...this.#held.entries()]) this.get(partition, { nowMs, limit });
  }
}

/** The fields of a request with somebody's credentials. */
export function withCredentials(fields: Fields, { cookies, authorization, tokenFields }: Held): string[] {
  const own = parseCookieLine(combinedValue(fields, 'cookie') ?? '');
  const named = new Set(cookies.map(({ name }) => name));
  const others = own.kind === 'ok' ? own.cookies.filter(({ name }) => !named.has(name)) : [];
  const all = [...cookies, ...others];
  const sent = [...withoutFields(fields, new Set(['cookie'])), ...tokenFields];
  if (all.length > 0) sent.push('Cookie', formatCookies(all));
  if (authorization !== undefined) sent.push('Authorization', authorization);
  return sent;
}
