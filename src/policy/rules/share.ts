/**
 * Who is cached and who is in shadow (`rollout`). Pure.
 *
 * Promises: the same identity is on the same side for every page of a rollout, on every instance and after a restart; a larger
 * share adds people and drops nobody; an identity in doubt is cached only when everybody is.
 */

import { createHmac } from 'node:crypto';
import type { Config, Rollout } from '../../config/config.ts';
import type { Identity } from '../identity/identity.ts';
import type { Match } from './safest-match.ts';

/** Where a rollout is written: it is counted, changed and rolled back as one. */
export type RolloutScope = 'all' | `type ${string}` | `route ${string}`;
export type Share = Pick<Rollout, 'percent' | 'by' | 'salt'>;
/** The percentages that are in force in place of the file's. */
export type LivePercents = ReadonlyMap<RolloutScope, number>;
export type ShareOf = (match: Match) => Share;

/** Everybody is cached. */
export const everybody: Share = { percent: 100, by: 'identity', salt: '' };

/** All rollouts of a configuration. */
export function rolloutsOf({ rollout, contentTypes, routes }: Config): ReadonlyMap<RolloutScope, Rollout> {
  const found = new Map<RolloutScope, Rollout>();
  const add = (scope: RolloutScope, own: Rollout | undefined): void => {
    if (own !== undefined && !found.has(scope)) found.set(scope, own);
  };
  add('all', rollout);
  for (const { name, rollout: own } of contentTypes.values()) add(`type ${name}`, own);
  for (const { pattern, rollout: own } of routes) add(`route ${pattern}`, own);
  return found;
}

/** The narrowest of these that a request comes under; `undefined`: none. */
export function scopeIn(
  rollouts: { readonly has: (scope: RolloutScope) => boolean },
  { contentType, route }: { readonly contentType: string; readonly route: string | undefined },
): RolloutScope | undefined {
  const scopes: readonly RolloutScope[] = [`route ${route ?? ''}`, `type ${contentType}`, 'all'];
  return scopes.find((scope) => rollouts.has(scope));
}

/** The shares of a configuration. */
export function sharesOf(config: Config, live: LivePercents): ShareOf {
  const shares = new Map<RolloutScope, Share>();
  for (const [scope, rollout] of rolloutsOf(config))
    shares.set(scope, { ...rollout, percent: live.get(scope) ?? rollout.percent });
  if (shares.size === 0) return () => everybody;
  return ({ contentType, route }) => {
    const scope = scopeIn(shares, { contentType: contentType.name, route: route?.pattern });
    return (scope && shares.get(scope)) ?? everybody;
  };
}

type Asking = { readonly identity: Identity; readonly plan: { readonly key: string } };

/** Whether who asks is cached. Anonymous clients cannot be told apart: of these it is a share of what they ask for. */
export function isInShare({ percent, by, salt }: Share, { identity, plan }: Asking): boolean {
  if (percent >= 100) return true;
  if (percent <= 0 || identity.kind === 'doubt') return false;
  const who = by === 'identity' && identity.kind === 'known' ? ['user', identity.user] : ['key', plan.key];
  return placeOf(salt, JSON.stringify(who)) * 100 < percent;
}

/** Uniform in [0, 1). */
const placeOf = (salt: string, who: string): number =>
  createHmac('sha256', salt).update(who).digest().readUIntBE(0, 6) / 2 ** 48;
