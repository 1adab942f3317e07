/**
 * Shadow mode, rollouts, the audit and quarantine of several workers: the evidence of all is one, and what follows from it is
 * decided once.
 *
 * Promises: a route that one worker finds out about is passed by all before it is purged; a percentage is in force at every
 * worker when it is said to be; a worker that joins begins with what is decided.
 */

import type { Config } from '../config/config.ts';
import type { Clock } from '../kit/time.ts';
import type { Purge } from '../store/purge-log.ts';
import type { AdviceReport } from '../trust/advice/advice.ts';
import { auditReport } from '../trust/audit-report.ts';
import { Ledger } from '../trust/ledger.ts';
import { countNotes } from '../trust/ledger-tape.ts';
import { LiveRollout, type LiveRolloutOptions } from '../trust/live-rollout.ts';
import type { NoiseSeen } from '../trust/noise-book.ts';
import { type OpenRollout, openRollout } from '../trust/open-rollout.ts';
import type { TrustReports } from '../trust/open-trust.ts';
import { logQuarantine, purgeOf, Quarantine, type Quarantined } from '../trust/quarantine.ts';
import { iso, shadowReport, type ShadowReportInput } from '../trust/shadow-report.ts';
import { type Decided, nothingStored, type TrustShare } from '../trust/trust-share.ts';
import type { Worker } from './crew.ts';

export type TrustForAllOptions = {
  readonly clock: Clock;
  readonly config: () => Config;
  readonly log: LiveRolloutOptions['log'];
  /** Absent: nothing is kept over a restart. */
  readonly rolloutFile: string | undefined;
  readonly purge: (purge: Purge) => void;
};

/** What the primary knows and has decided. */
export class TrustForAll {
  readonly #options: TrustForAllOptions;
  readonly #members = new Set<Worker>();
  readonly #quarantine = new Quarantine();
  readonly #rollout: OpenRollout;
  readonly #audit: Ledger;
  readonly #live: LiveRollout;
  #shadow: Ledger | undefined;
  readonly #sizes = new Map<Worker, Pick<TrustShare, 'size' | 'sample'>>();

  constructor(options: TrustForAllOptions) {
    this.#options = options;
    const { clock, config } = options;
    this.#audit = new Ledger(clock.now());
    this.#live = new LiveRollout({ ...options, onChange: () => undefined });
    this.#live.percents(config());
    this.#rollout = openRollout(this.#live, { clock, config, inForce: () => this.#tellAll() });
  }

  get decided(): Decided {
    return { quarantined: this.#quarantine.list(), rollouts: this.#live.values };
  }

  /** From now on the worker hears of what is decided. */
  join(worker: Worker): Decided {
    this.#members.add(worker);
    return this.decided;
  }

  leave(worker: Worker): void {
    this.#members.delete(worker);
    this.#sizes.delete(worker);
  }

  /** A worker's part of the evidence. */
  readonly take = (worker: Worker, { audit, shadow, rollouts, size, sample }: TrustShare): void => {
    countNotes(this.#audit, audit);
    if (shadow.length > 0) countNotes((this.#shadow ??= new Ledger(this.#options.clock.now())), shadow);
    for (const [scope, sums] of rollouts) this.#rollout.count(scope, sums);
    if (this.#members.has(worker)) this.#sizes.set(worker, { size, sample });
  };

  /** A worker has found a public route that is not the same for everybody. It passes it already. */
  onFound(found: Quarantined): void {
    if (this.#quarantine.list().some(({ route }) => route === found.route)) return;
    this.#quarantine.add(found);
    logQuarantine(this.#options.log, found);
    void this.#tellAll().then(() => {
      this.#options.purge(purgeOf(found));
    });
  }

  /** All have another configuration: of shadow only what comes from now on counts. */
  async onReload(): Promise<void> {
    this.#shadow = undefined;
    this.#live.percents(this.#options.config());
    await this.#tellAll();
  }

  /** For the control API and the alerts; `noise` asks the workers. */
  reports(noise: () => Promise<readonly NoiseSeen[]>): TrustReports {
    const { clock, config } = this.#options;
    const quarantine = this.#quarantine;
    // The evidence of advice is of one process, and none of several takes any.
    const noAdvice: AdviceReport = { since: iso(clock.now()), sample: 1, intervals: 0, advices: [] };
    return {
      watched: {
        quarantined: () => quarantine.list().map(({ route }) => route),
        rolledBack: this.#rollout.rolledBack,
        advised: () => [],
      },
      rollout: this.#rollout.answers,
      quarantine: {
        list: () => quarantine.list(),
        lift: (route) => {
          const isLifted = quarantine.lift(route);
          if (isLifted) void this.#tellAll();
          return isLifted;
        },
      },
      adviceReport: () => noAdvice,
      auditReport: async () =>
        auditReport(config().audit?.sample ?? 0, { ledger: this.#audit, noise: await noise() }),
      shadowReport: async () => {
        const known = await noise();
        return shadowReport({
          ...{ mode: config().mode, ledger: this.#shadow, noise: known, size: this.#size() },
          sample: Math.min(1, ...[...this.#sizes.values()].map(({ sample }) => sample)),
          ...{ shared: [], advice: [] },
        });
      },
    };
  }

  #size(): ShadowReportInput['size'] {
    return [...this.#sizes.values()].reduce(
      (sum, { size: one }) => ({
        entries: sum.entries + one.entries,
        bytes: sum.bytes + one.bytes,
        sampledBytes: sum.sampledBytes + one.sampledBytes,
      }),
      nothingStored,
    );
  }

  /** One that has ended gives nothing any more. */
  async #tellAll(): Promise<void> {
    const { decided } = this;
    await Promise.all([...this.#members].map(({ link }) => link.ask('decide', decided)));
  }
}

/** What several have seen of the noise: of the same place the latest. */
export function joinNoise(all: readonly (readonly NoiseSeen[])[]): readonly NoiseSeen[] {
  const latest = new Map<string, NoiseSeen>();
  for (const one of all.flat().toSorted((a, b) => a.at - b.at))
    latest.set(JSON.stringify([one.pattern, one.name]), one);
  return [...latest.values()];
}
