/**
 * Who holds a control token, and what it allows.
 *
 * Promise: tokens are compared in constant time, by digests of equal length.
 */

import { hash, timingSafeEqual } from 'node:crypto';
import type { Control } from '../config/config.ts';
import type { Scope } from '../config/schema/control-token.ts';
import { TokenBucket } from '../kit/token-bucket.ts';
import type { Clock } from '../kit/time.ts';

/** `bucket` absent: no limit. */
export type Holder = {
  readonly name: string;
  readonly digests: readonly Buffer[];
  readonly scopes: readonly Scope[];
  readonly bucket: TokenBucket | undefined;
};

export type Tokens = Pick<Control, 'token' | 'tokens'>;

/** The holders of the tokens that are configured. */
export function holdersOf({ token, tokens }: Tokens): readonly Holder[] {
  const named = tokens.map(({ name, sha256, scopes, perMinute }): Holder => ({
    name,
    digests: sha256.map((digest) => Buffer.from(digest, 'hex')),
    scopes,
    bucket: perMinute === undefined ? undefined : bucketOf(perMinute),
  }));
  if (token === undefined) return named;
  return [
    { name: 'control.token', digests: [digestOf(token)], scopes: ['admin'], bucket: undefined },
    ...named,
  ];
}

const bucketOf = (perMinute: number): TokenBucket =>
  new TokenBucket({ perSecond: perMinute / 60, leastPerSecond: perMinute / 60, burst: perMinute });

/** Compares with every digest, so that the time does not tell which is near. */
export function holderOf(holders: readonly Holder[], given: string): Holder | undefined {
  const digest = digestOf(given);
  return holders.filter(({ digests }) => digests.filter((own) => timingSafeEqual(own, digest)).length > 0)[0];
}

const digestOf = (token: string): Buffer => hash('sha256', token, 'buffer');

/** Whether the scopes of a token cover this one. */
export const covers = ({ scopes }: Holder, asked: string): boolean =>
  scopes.includes('admin') || scopes.some((scope) => scope === asked);

/** Makes the check of tokens outside the control API: right, of scope `read`, and within its rate, which is counted apart. */
export function createReadCheck(tokens: Tokens, clock: Clock): (given: string) => boolean {
  const holders = holdersOf(tokens);
  return (given) => {
    const holder = holderOf(holders, given);
    return (
      holder !== undefined && covers(holder, 'read') && holder.bucket?.take(clock.monotonicMs()) !== false
    );
  };
}
