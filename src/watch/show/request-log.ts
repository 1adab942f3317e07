/**
 * Logs requests: at `debug` all of them, at `info` failures and a sample of the rest.
 *
 * Promise (DESIGN §3.12): no cookie, key, identity or body, and no value of a parameter whose name suggests a secret.
 */

import type { Logger } from 'pino';
import type { Outcome } from '../../proxy/exchange/outcome.ts';
import { maskTarget } from '../count/mask-target.ts';
import { countsAs, reasonOf } from '../count/miss-reason.ts';

/** The tier that a stored response came from. */
export type TierOf = (entry: Outcome['entry']) => 'memory' | 'redis';

/** At `info`: one request in this many, and at most this many failures per run of that length. */
const sample = { every: 100, failures: 10 };

const debugLevel = 20;
const infoLevel = 30;

/** Creates the function that logs requests. A request that is not logged costs one comparison. */
export function createRequestLog(log: Logger, tierOf: TierOf): (outcome: Outcome) => void {
  let count = 0;
  let failures = 0;
  return (outcome) => {
    const level = (log as Logger & { readonly levelVal: number }).levelVal;
    if (level <= debugLevel) {
      log.debug(lineOf(outcome, tierOf), 'request');
      return;
    }
    if (level > infoLevel) return;
    count += 1;
    const isSample = count % sample.every === 0;
    if (isSample) failures = 0;
    const isFailure = outcome.kind === 'failed' && (failures += 1) <= sample.failures;
    if (isSample || isFailure) log.info(lineOf(outcome, tierOf), 'request');
  };
}

/** The fields of a request's line. Times in milliseconds, `ttl` in seconds. */
export function lineOf(outcome: Outcome, tierOf: TierOf): Readonly<Record<string, unknown>> {
  const { kind, cacheStatus, entry, duration, originDuration, failure, refusal } = outcome;
  return {
    request_id: outcome.requestId,
    method: outcome.method,
    host: outcome.host,
    target: maskTarget(outcome.target),
    status: outcome.status,
    type: outcome.contentType,
    route: outcome.route,
    outcome: kind,
    cause: countsAs(outcome) === 'miss' ? reasonOf(outcome) : undefined,
    detail: cacheStatus?.detail,
    ttl: cacheStatus?.ttl === undefined ? undefined : Math.floor(cacheStatus.ttl),
    tier: kind === 'hit' ? tierOf(entry) : undefined,
    lifetime: kind === 'hit' || entry === undefined ? undefined : Math.floor(entry.policy.lifetime),
    ms: milliseconds(duration),
    origin_ms: originDuration === undefined ? undefined : milliseconds(originDuration),
    failure,
    refusal,
  };
}

const milliseconds = (duration: number): number => Math.round(duration * 1e6) / 1e3;
