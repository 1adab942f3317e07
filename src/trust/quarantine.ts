/**
 * Public routes that gave two people different pages: passed from then on, until an operator lifts it.
 *
 * Promises: a route is passed before what is stored of it is purged, so that nothing is stored in between; it stays in quarantine
 * over reloads, for as long as its type is public. Bounded by the number of routes.
 */

import type { Logger } from 'pino';
import { type EpochMs } from '../kit/time.ts';
import { typeTag } from '../policy/rules/entry-tags.ts';
import type { Match } from '../policy/rules/safest-match.ts';
import type { Purge } from '../store/purge-log.ts';

/** `session-echo`: the page has a credential of its reader. `names-its-reader`: what differs has the reader's name or mail. */
export type QuarantineReason = 'session-echo' | 'names-its-reader' | 'differs-by-identity';

export type Quarantined = {
  readonly route: string;
  readonly contentType: string;
  readonly reason: QuarantineReason;
  readonly at: EpochMs;
  readonly target: string;
  /** Where the pages differ, without secrets. */
  readonly places: readonly string[];
};

/** What ends what is stored of a route. */
export const purgeOf = ({ contentType }: Quarantined): Purge => ({
  ...{ tags: [typeTag(contentType)], prefixes: [], everything: false, soft: false, cause: 'api' },
});

/** Says it once. */
export function logQuarantine(log: Pick<Logger, 'warn'>, { route, reason, target }: Quarantined): void {
  log.warn({ quarantine: route, reason, target }, 'public route in quarantine');
}

/** The routes in quarantine. */
export class Quarantine {
  readonly #routes = new Map<string, Quarantined>();

  /** By the path as sent, or as the app may read it. */
  readonly has = (match: Match): boolean =>
    this.#routes.size > 0 &&
    match.contentType.kind === 'rule' &&
    match.contentType.scope === 'public' &&
    [match, ...(match.readings ?? [])].some(({ route }) => this.#routes.has(route?.pattern ?? ''));

  add(quarantined: Quarantined): void {
    this.#routes.set(quarantined.route, quarantined);
  }

  /** `false`: it was not there. */
  lift(route: string): boolean {
    return this.#routes.delete(route);
  }

  /** Those that another process has decided. */
  adopt(all: readonly Quarantined[]): void {
    this.#routes.clear();
    for (const one of all) this.add(one);
  }

  list(): readonly Quarantined[] {
    return [...this.#routes.values()];
  }
}
