/** Builds everything of this room once: shadow mode, the audit, and what they show. */

import type { Logger } from 'pino';
import type { Config } from '../config/config.ts';
import type { Clock, EpochMs } from '../kit/time.ts';
import type { Background, CacheExchange, Services } from '../proxy/exchange/exchange.ts';
import type { Outcome } from '../proxy/exchange/outcome.ts';
import type { Report } from '../watch/report/report.ts';
import type { WriteLedger } from '../watch/count/write-ledger.ts';
import type { Governor } from '../refresh/governor.ts';
import type { AdviceReport } from './advice/advice.ts';
import { Adviser } from './advice/open-advice.ts';
import { AskAgain } from './ask-again.ts';
import { HitAudit, type HitAuditOptions } from './audit.ts';
import { type AuditReport, auditReport } from './audit-report.ts';
import { comparingBy } from './compares-copies.ts';
import { CredentialCheck } from './credential-check.ts';
import type { Judgement } from './judge.ts';
import { Ledger } from './ledger.ts';
import { type LedgerNote, LedgerTape } from './ledger-tape.ts';
import type { LiveRollout } from './live-rollout.ts';
import { NoiseBook, type NoiseSeen } from './noise-book.ts';
import { type OpenRollout, openRollout } from './open-rollout.ts';
import { logQuarantine, purgeOf, Quarantine, type Quarantined } from './quarantine.ts';
import { RolloutCounter } from './rollback.ts';
import { ShadowPipeline } from './shadow.ts';
import { type ShadowReport, shadowReport } from './shadow-report.ts';
import { nothingStored, RolloutSums, type TrustedWorker, type TrustShare } from './trust-share.ts';
import { WritesSeen } from './writes-seen.ts';

export type OpenTrustOptions = {
  readonly clock: Clock;
  readonly config: () => Config;
  readonly governor: Pick<Governor, 'submit'>;
  /** What happens with no client waiting, for the request path to call through here. */
  readonly background?: Background;
  readonly log: Pick<Logger, 'warn'>;
  readonly counting: {
    readonly counters: {
      readonly onAudited: (type: string, kind: Judgement['kind']) => void;
      readonly writes: Pick<WriteLedger, 'totals'>;
    };
  };
  readonly live: LiveRollout;
  /** Absent: this process is alone. */
  readonly worker?: TrustedWorker | undefined;
};

export type OpenTrust = TrustReports & {
  /** What the request path calls. */
  readonly beside: Required<Pick<Services, 'shadow' | 'audit' | 'isQuarantined'>> &
    Pick<Services, 'background'>;
  readonly onOutcome: (outcome: Outcome) => void;
  /** As one of several workers: what was counted since it was last asked. */
  readonly share: () => TrustShare;
  readonly noise: () => readonly NoiseSeen[];
};

/** What operators see and decide. */
export type TrustReports = {
  readonly watched: Pick<OpenRollout, 'rolledBack'> & {
    readonly quarantined: () => readonly string[];
    readonly advised: () => Report['advice'];
  };
  readonly rollout: OpenRollout['answers'];
  readonly quarantine: Pick<Quarantine, 'list' | 'lift'>;
  readonly shadowReport: () => ShadowReport | Promise<ShadowReport>;
  readonly auditReport: () => AuditReport | Promise<AuditReport>;
  readonly adviceReport: () => AdviceReport;
};

/** Opens the room. */
export function openTrust(options: OpenTrustOptions): OpenTrust {
  const { clock, config, governor, background, live, worker } = options;
  const { onAudited, writes: ledger } = options.counting.counters;
  const [room, noise] = [{ bytes: 0 }, new NoiseBook()];
  const { writes = new WritesSeen(), quarantine = new Quarantine() } = worker ?? {};
  const noted = { ended: () => ledger.totals(), onFault: faultsIn(options.log) };
  const adviser = new Adviser({ clock, config, noise, writes, ...noted });
  const askAgain = new AskAgain({ governor, room });
  const credentialCheck = new CredentialCheck({
    ...{ clock, askAgain, noise, writes },
    onFound: (exchange, found) => {
      quarantine.add(found);
      if (worker === undefined) confine(exchange, found, options);
      else worker.onFound(found);
    },
  });
  const rollout = openRollout(live, { clock, config, inForce: () => Promise.resolve() });
  const sums = new RolloutSums({ config, live });
  const counter = new RolloutCounter(config, worker === undefined ? rollout.count : sums.count);
  const newLedger = worker === undefined ? ownLedger : tape;
  // Nobody asks one of several workers for advice.
  const hearer = worker === undefined ? adviser : nobodyAdvised;
  const common = { clock, askAgain, noise, writes, credentialCheck, adviser: hearer, newLedger };
  const heard = background && worker === undefined ? hearing(background, adviser) : background;
  const shadow = new ShadowPipeline({ ...common, room, onJudged: counter.onJudged });
  const onAudit: HitAuditOptions['onJudged'] = (subject, kind) => {
    onAudited(subject.contentType, kind);
    counter.onJudged(subject, kind);
  };
  const audit = new HitAudit({ ...common, dice: Math.random, onJudged: onAudit });
  const comparing = comparingBy(config);
  return {
    beside: { shadow: shadow.beside, audit, isQuarantined: quarantine.has, background: heard },
    watched: {
      quarantined: () => quarantine.list().map(({ route }) => route),
      advised: () => namesOf(adviser.report(config())),
      rolledBack: rollout.rolledBack,
    },
    rollout: rollout.answers,
    quarantine,
    onOutcome: (outcome) => {
      // A worker tells all others of its writes.
      if (worker === undefined || comparing()) shadow.onOutcome(outcome);
      hearer.onOutcome(outcome);
      counter.onOutcome(outcome);
    },
    ...reportsOf(options, { audit, shadow, noise, adviser }),
    ...shareOf({ audit, shadow, noise, sums }, clock),
  };
}

type Reporting = {
  readonly audit: HitAudit;
  readonly shadow: ShadowPipeline;
  readonly noise: NoiseBook;
  readonly adviser: Adviser;
};

const reportsOf = (
  { clock, config }: Pick<OpenTrustOptions, 'clock' | 'config'>,
  { audit, shadow, noise, adviser }: Reporting,
): Pick<OpenTrust, 'adviceReport' | 'auditReport' | 'shadowReport'> => ({
  adviceReport: () => {
    const report = adviser.report(config());
    return { ...report, sample: Math.min(report.sample, shareOfKeys(shadow)) };
  },
  auditReport: () =>
    auditReport(config().audit?.sample ?? 0, { ledger: audit.ledger, noise: noise.all(clock.now()) }),
  shadowReport: () =>
    shadowReport({
      mode: config().mode,
      ledger: shadow.trial?.ledger,
      noise: noise.all(clock.now()),
      size: shadow.trial?.stored.size() ?? nothingStored,
      sample: shareOfKeys(shadow),
      shared: adviser.shared(config()),
      advice: namesOf(adviser.report(config())),
    }),
});

const faultsIn =
  (log: OpenTrustOptions['log']) =>
  (error: unknown): void => {
    log.warn({ err: error }, 'advice: some evidence is lost');
  };

const shareOf = (
  { audit, shadow, noise, sums }: Omit<Reporting, 'adviser'> & { readonly sums: RolloutSums },
  clock: Clock,
): Pick<OpenTrust, 'noise' | 'share'> => ({
  noise: () => noise.all(clock.now()),
  share: () => ({
    audit: notesOf(audit.ledger),
    shadow: notesOf(shadow.trial?.ledger),
    size: shadow.trial?.stored.size() ?? nothingStored,
    sample: shareOfKeys(shadow),
    rollouts: sums.drain(),
  }),
});

const shareOfKeys = ({ trial }: ShadowPipeline): number => trial?.sample.share ?? 1;

const nothing = (): void => undefined;
const nobodyAdvised = { onStored: nothing, onJudged: nothing, onOutcome: nothing };

const ownLedger = (since: EpochMs): Ledger => new Ledger(since);
const tape = (since: EpochMs): Ledger => new LedgerTape(since);

const notesOf = (ledger: Ledger | undefined): readonly LedgerNote[] =>
  ledger instanceof LedgerTape ? ledger.drain() : [];

const namesOf = ({ advices }: AdviceReport): Report['advice'] =>
  advices.map(({ id, text }) => ({ id, text }));

/** What is stored is evidence too. */
const hearing = (background: Background, { onStored }: Pick<Adviser, 'onStored'>): Background => ({
  ...background,
  onStored: (exchange, entry) => {
    background.onStored(exchange, entry);
    onStored(exchange, entry);
  },
});

/** The quarantine comes first, so that nothing is stored after the purge. */
function confine(
  { services }: CacheExchange,
  found: Quarantined,
  { log }: Pick<OpenTrustOptions, 'log'>,
): void {
  logQuarantine(log, found);
  services.purgeLog.append(purgeOf(found)).catch((error: unknown) => {
    log.warn({ err: error, quarantine: found.route }, 'cannot purge the route in quarantine');
  });
}
