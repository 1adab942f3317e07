/**
 * Holds the last credentials of recently active users, to renew their entries (`refresh: type`).
 *
 * Promises: they stay in this process's memory, never in a store, log, metric or file, and are bounded. They are dropped
 * when their user is purged (a logout listed in `writes` does that), when the origin rejects them, and when the user has
 * been inactive for as long as the rule says.
 */

import { type Cookie, formatCookies, parseCookieLine } from '../http/cookies.ts';
import { combinedValue, withoutFields } from '../http/fields.ts';
import type { Fields } from '../http/message.ts';
import { BoundedMap } from '../kit/bounded-map.ts';
import type { Seconds } from '../kit/time.ts';
import { partitionTag, userTag } from '../policy/rules/entry-tags.ts';
import type { CacheExchange } from '../proxy/exchange/exchange.ts';
import type { PurgeLog, PurgeSubject } from '../store/purge-log.ts';

export type Held = {
  readonly cookies: readonly Cookie[];
  readonly authorization: string | undefined;
  readonly tokenFields: Fields;
  /** The owner's address, which is forwarded: some apps end a session that changes its address. */
  readonly forwardedFor: string;
  seenMs: number;
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

  /** By the partition that entries are stored with: on `standard` routes ignored claims are part of it. */
  note({ identity, request, plan: { partition } }: CacheExchange, nowMs: number): void {
    if (identity.kind !== 'known' || partition === 'public') return;
    const { user, cookies, tokenFields } = identity;
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

  /** The credentials of an identity active within `limit`; older or purged ones are dropped. */
  get(partition: string, { nowMs, limit }: { nowMs: number; limit: Seconds }): Held | undefined {
    const held = this.#held.get(partition);
    if (held === undefined) return undefined;
    const isOld = nowMs - held.seenMs > limit * 1000;
    if (!isOld && this.#purgeLog.verdict(held.subject).kind === 'current') return held;
    this.#held.delete(partition);
    return undefined;
  }

  drop(partition: string): void {
    this.#held.delete(partition);
  }

  forgetOld(nowMs: number, limit: Seconds): void {
    for (const [partition] of [...this.#held.entries()]) this.get(partition, { nowMs, limit });
  }
}

/** The request fields with the held credentials. */
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
