/**
 * Logs requests: at `debug` or with `requests: all` all of them, else failures and a sample of the rest.
 *
 * Promise (DESIGN §3.12): no cookie, key, identity or body, and no value of a parameter whose name suggests a secret.
 */

import type { Logger } from 'pino';
import type { LogSettings } from '../../config/schema/log-config.ts';
import { clientAddress, trustOf } from '../../front/trusted-proxies.ts';
import type { EpochMs } from '../../kit/time.ts';
import type { Outcome } from '../../proxy/exchange/outcome.ts';
import { maskTarget } from '../count/mask-target.ts';
import { countsAs, reasonOf } from '../count/miss-reason.ts';
import { openLogDestination } from './log-destination.ts';
import { type Asking, combinedLine, ecsFields } from './access-line.ts';

/** The tier that a stored response came from. */
export type TierOf = (entry: Outcome['entry']) => 'memory' | 'redis';

/** At `info`: one request in this many, and at most this many failures per run of that length. */
const sample = { every: 100, failures: 10 };

const debugLevel = 20;
const infoLevel = 30;

export type RequestLogOptions = {
  readonly log: Logger;
  readonly settings: Pick<LogSettings, 'format' | 'requests'>;
  /** Where lines in combined format go; absent: to stdout. */
  readonly lines: Lines | undefined;
  readonly tierOf: TierOf;
  readonly trustedProxies: readonly string[];
  readonly wallNow: () => EpochMs;
};
export type Lines = { readonly write: (line: string) => void };

/** Creates the function that logs requests. A request that is not logged costs one comparison. */
export function createRequestLog(options: RequestLogOptions): (outcome: Outcome) => void {
  const { log, settings } = options;
  const write = writerOf(options);
  let count = 0;
  let failures = 0;
  return (outcome) => {
    const level = (log as Logger & { readonly levelVal: number }).levelVal;
    if (level > infoLevel) return;
    if (level <= debugLevel || settings.requests === 'all') {
      write(outcome, level <= debugLevel ? 'debug' : 'info');
      return;
    }
    count += 1;
    const isSample = count % sample.every === 0;
    if (isSample) failures = 0;
    const isFailure = outcome.kind === 'failed' && (failures += 1) <= sample.failures;
    if (isSample || isFailure) write(outcome, 'info');
  };
}

type Write = (outcome: Outcome, level: 'debug' | 'info') => void;

function writerOf({ log, settings, lines, tierOf, trustedProxies, wallNow }: RequestLogOptions): Write {
  const isTrusted = trustOf(trustedProxies);
  const asking = ({ client }: Outcome): Asking => ({
    at: new Date(wallNow()),
    address: clientAddress(client?.forwardedFor ?? '', isTrusted),
  });
  switch (settings.format) {
    case 'json':
      return (outcome, level) => {
        log[level](lineOf(outcome, tierOf), 'request');
      };
    case 'ecs':
      return (outcome, level) => {
        const {
          request_id: _,
          method: __,
          host: ___,
          target: ____,
          status: _____,
          ...own
        } = lineOf(outcome, tierOf);
        log[level](ecsFields(outcome, asking(outcome), own), 'request');
      };
    case 'combined': {
      const to = lines ?? openLogDestination();
      return (outcome) => {
        to.write(combinedLine(outcome, asking(outcome)));
      };
    }
    default:
      return settings.format satisfies never;
  }
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
