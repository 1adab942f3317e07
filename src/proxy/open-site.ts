/** The configuration in force, compiled, and how another takes its place. */

import type { Config } from '../config/config.ts';
import { type Clock, wallTime } from '../kit/time.ts';
import { createVerifyJwt } from '../origin/jwt.ts';
import type { LearnedSessions } from '../policy/identity/session-proof.ts';
import type { LivePercents } from '../policy/rules/share.ts';
import { endedByChange } from '../policy/rules/config-change.ts';
import type { PurgeLog } from '../store/purge-log.ts';
import type { Store } from '../store/store.ts';
import type { Site } from './exchange/exchange.ts';
import { compileSite, shadowing } from './exchange/site.ts';
import { lifetimeInForce } from './hit/lifetime-in-force.ts';

type SiteSurroundings = {
  readonly learned: LearnedSessions;
  readonly purgeLog: PurgeLog;
  readonly store: Store;
  readonly clock: Clock;
  /** The percentages in force in place of those of a configuration. */
  readonly live?: ((config: Config) => LivePercents) | undefined;
};

type OpenSite = {
  readonly site: () => Site;
  /** Puts another configuration in force, and ends what was stored by rules that are different. */
  readonly replaceSite: (config: Config) => Promise<void>;
  /** Puts other percentages in force. */
  readonly renewShares: () => void;
};

/** Puts a configuration in force. */
export function openSite(
  config: Config,
  { learned, purgeLog, store, clock, live = () => new Map() }: SiteSurroundings,
): OpenSite {
  const compile = (next: Config, generation: number): Site => {
    const verifyJwt = next.identity.jwt && createVerifyJwt(next.identity.jwt);
    const compiled = compileSite(next, { learned, verifyJwt, generation, live: live(next) });
    // Sessions and tokens carry dates of the app's.
    return { ...compiled, identify: (request, now) => compiled.identify(request, wallTime(clock, now)) };
  };
  let site = compile(config, 0);
  store.applyLifetimes(lifetimeInForce(site));
  return {
    site: () => site,
    renewShares: () => {
      site = { ...site, ...shadowing(site.config, live(site.config)) };
    },
    replaceSite: async (next) => {
      const ended = endedByChange(site.config, next);
      site = compile(next, ended === undefined ? site.generation : site.generation + 1);
      store.applyLifetimes(lifetimeInForce(site));
      if (ended !== undefined) {
        await purgeLog.append({ ...ended, prefixes: [], soft: false, cause: 'reload' });
      }
    },
  };
}
