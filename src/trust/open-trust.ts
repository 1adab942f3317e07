/** Builds everything of this room once: shadow mode, the audit, and what they show. */

import type { Logger } from 'pino';
import type { Config } from '../config/config.ts';
import type { Clock } from '../kit/time.ts';
import type { Background, CacheExchange, Services } from '../proxy/exchange/exchange.ts';
import type { Outcome } from '../proxy/exchange/outcome.ts';
import type { Report } from '../watch/report/report.ts';
import type { WriteLedger } from '../watch/count/write-ledger.ts';
import { typeTag } from '../policy/rules/entry-tags.ts';
import type { Governor } from '../refresh/governor.ts';
import type { AdviceReport } from './advice/advice.ts';
import { Adviser } from './advice/open-advice.ts';
import { AskAgain } from './ask-again.ts';
import { HitAudit } from './audit.ts';
import { type AuditReport, auditReport } from './audit-report.ts';
import { CredentialCheck } from './credential-check.ts';
import type { Judgement } from './judge.ts';
import type { LiveRollout } from './live-rollout.ts';
import { NoiseBook } from './noise-book.ts';
import { type OpenRollout, openRollout } from './open-rollout.ts';
import { Quarantine, type Quarantined } from './quarantine.ts';
import { ShadowPipeline } from './shadow.ts';
import { type ShadowReport, shadowReport } from './shadow-report.ts';
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
};

export type OpenTrust = {
  /** What the request path calls. */
  readonly beside: Required<Pick<Services, 'shadow' | 'audit' | 'isQuarantined'>> &
    Pick<Services, 'background'>;
  readonly watched: Pick<OpenRollout, 'rolledBack'> & {
    readonly quarantined: () => readonly string[];
    readonly advised: () => Report['advice'];
  };
  readonly rollout: OpenRollout['answers'];
  readonly quarantine: Pick<Quarantine, 'list' | 'lift'>;
  readonly onOutcome: (outcome: Outcome) => void;
  readonly shadowReport: () => ShadowReport;
  readonly auditReport: () => AuditReport;
  readonly adviceReport: () => AdviceReport;
};

/** Opens the room. */
export function openTrust(options: OpenTrustOptions): OpenTrust {
  const { clock, config, governor, background, log, live } = options;
  const { onAudited, writes: ledger } = options.counting.counters;
  const room = { bytes: 0 };
  const noise = new NoiseBook();
  const writes = new WritesSeen();
  const onFault = faultsIn(log);
  const adviser = new Adviser({ clock, noise, writes, ended: () => ledger.totals(), onFault });
  const askAgain = new AskAgain({ governor, room });
  const quarantine = new Quarantine();
  const credentialCheck = new CredentialCheck({
    ...{ clock, askAgain, noise, writes },
    onFound: (exchange, found) => {
      confine(exchange, { quarantine, found, log });
    },
  });
  const rollout = openRollout(live, { clock, config });
  const { onJudged } = rollout;
  const common = { clock, askAgain, noise, writes, credentialCheck, adviser };
  const shadow = new ShadowPipeline({ ...common, room, onJudged });
  const audit = new HitAudit({
    ...common,
    dice: Math.random,
    onJudged: (subject, kind) => {
      onAudited(subject.contentType, kind);
      onJudged(subject, kind);
    },
  });
  const heard = { background: background && hearing(background, adviser) };
  return {
    beside: { shadow: shadow.beside, audit, isQuarantined: quarantine.has, ...heard },
    watched: {
      quarantined: () => quarantine.list().map(({ route }) => route),
      advised: () => namesOf(adviser.report(config())),
      rolledBack: rollout.rolledBack,
    },
    rollout: rollout.answers,
    quarantine,
    onOutcome: (outcome) => {
      shadow.onOutcome(outcome);
      adviser.onOutcome(outcome);
      rollout.onOutcome(outcome);
    },
    adviceReport: () => adviser.report(config()),
    ...reportsOf(options, { audit, shadow, noise, adviser }),
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
): Pick<OpenTrust, 'auditReport' | 'shadowReport'> => ({
  auditReport: () =>
    auditReport(config().audit?.sample ?? 0, { ledger: audit.ledger, noise: noise.all(clock.now()) }),
  shadowReport: () =>
    shadowReport({
      mode: config().mode,
      ledger: shadow.trial?.ledger,
      noise: noise.all(clock.now()),
      size: shadow.trial?.stored.size() ?? { entries: 0, bytes: 0, sampledBytes: 0 },
      shared: adviser.shared(config()),
      advice: namesOf(adviser.report(config())),
    }),
});

const faultsIn =
  (log: OpenTrustOptions['log']) =>
  (error: unknown): void => {
    log.warn({ err: error }, 'advice: some evidence is lost');
  };

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

type Confined = Pick<OpenTrustOptions, 'log'> & {
  readonly quarantine: Quarantine;
  readonly found: Quarantined;
};

/** The quarantine comes first, so that nothing is stored after the purge. */
function confine({ services, match }: CacheExchange, { quarantine, found, log }: Confined): void {
  const { route, reason, target } = found;
  quarantine.add(found);
  log.warn({ quarantine: route, reason, target }, 'public route in quarantine');
  const tags = [typeTag(match.contentType.name)];
  const purge = { tags, prefixes: [], everything: false, soft: false, cause: 'api' } as const;
  services.purgeLog.append(purge).catch((error: unknown) => {
    log.warn({ err: error, quarantine: route }, 'cannot purge the route in quarantine');
  });
}
