/** A checked configuration becomes what the request path works with. Replaced as a whole when the file is read again. */

import { type Config, httpUrlOf } from '../../config/config.ts';
import { BoundedMap } from '../../kit/bounded-map.ts';
import { createIdentify, type VerifyJwt } from '../../policy/identity/identity.ts';
import type { LearnedSessions } from '../../policy/identity/session-proof.ts';
import { KeyMemo } from '../../policy/key/key-memo.ts';
import { compileRules } from '../../policy/rules/rules.ts';
import { type LivePercents, sharesOf } from '../../policy/rules/share.ts';
import { lifetimeDigests } from '../../policy/lifetime/stored-lifetime.ts';
import { asksPopularity } from '../../policy/lifetime/ttl.ts';
import { withoutFields } from '../../http/fields.ts';
import type { Site } from './exchange.ts';
import type { FinishFields } from './reply.ts';

type SiteOptions = {
  readonly learned: LearnedSessions;
  readonly verifyJwt: VerifyJwt | undefined;
  readonly generation?: number;
  readonly live?: LivePercents;
};

/** Compiles the rules and the identity of a configuration. Throws for patterns that `parseConfig` refuses. */
export function compileSite(
  config: Config,
  { learned, verifyJwt, generation = 0, live = noneLive }: SiteOptions,
): Site {
  return {
    config,
    rules: compileRules(config),
    identify: createIdentify({ config: config.identity, learned, verifyJwt }),
    originHost: httpUrlOf(config.upstream.url).host,
    generation,
    lifetimes: lifetimeDigests(config),
    countsPopularity:
      asksPopularity(config.ttl) ||
      [...config.contentTypes.values()].some(({ refreshAhead }) => refreshAhead),
    finish: finishOf(config),
    ...shadowing(config, live),
    keyed: {
      keys: new KeyMemo(),
      queries: new BoundedMap(4096),
      declared: new BoundedMap(20_000),
      rules: new Map(),
    },
  };
}

const noneLive: LivePercents = new Map();

/** What of a site depends on the percentages that are in force. */
export function shadowing(config: Config, live: LivePercents): Pick<Site, 'isShadowed' | 'shareOf'> {
  const shareOf = sharesOf(config, live);
  return {
    isShadowed: (match) => {
      if (config.mode === 'shadow' || match.contentType.shadow || match.route?.shadow === true) return true;
      return shareOf(match).percent <= 0;
    },
    shareOf,
  };
}

function finishOf({ accept: { remove } }: Config): FinishFields | undefined {
  const removed = new Set<string>(remove);
  return removed.size === 0 ? undefined : (fields) => withoutFields(fields, removed);
}
